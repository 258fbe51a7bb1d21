"""Find the files that an installed package ships, without importing the package."""

from importlib import metadata
from pathlib import Path

from ingest.errors import MissingPackageError


def shipped_file(distribution: str, version: str, ending: str) -> Path:
    """Return the one file of an installed distribution whose path ends in `ending`.

    Args:
        distribution: name on the package index.
        version: the pinned version.
        ending: end of the path inside the distribution.

    Raises:
        MissingPackageError: the package is absent, of another version, or lacks the file.
    """
    how = f"pip install --no-deps {distribution}=={version}"
    try:
        installed = metadata.distribution(distribution)
    except metadata.PackageNotFoundError as error:
        raise MissingPackageError(
            f"The package {distribution} is not installed; it ships what is needed here: {how}"
        ) from error
    if installed.version != version:
        raise MissingPackageError(
            f"The package {distribution} is installed in version {installed.version}; the catalog "
            f"pins {version}: {how}"
        )
    files = [file for file in installed.files or () if str(file).endswith(ending)]
    paths = [path for path in (Path(str(file.locate())) for file in files) if path.is_file()]
    if len(paths) != 1:
        raise MissingPackageError(
            f"The package {distribution}=={version} should ship one file ending in {ending!r}; "
            f"found {len(paths)}. Install it again: {how}"
        )
    return paths[0]


def shipped_files(distribution: str, version: str, ending: str, beside: str) -> list[Path]:
    """Return all files with that ending in the folder tree of the file ending in `beside`.

    Raises:
        MissingPackageError: as `shipped_file` does for `beside`.
    """
    return sorted(shipped_file(distribution, version, beside).parent.rglob(f"*{ending}"))
