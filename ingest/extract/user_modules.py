"""A user's own module: `source` is 'module:function', in a file beside the TOML file or installed.

A file beside the TOML file goes before an installed module.
"""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from ingest.catalog.records import ModelRecord
from ingest.errors import CatalogError


def module_file(record: ModelRecord) -> Path | None:
    """Return the file of the module that `source` names; None without one. Nothing is imported."""
    name = record.source.partition(":")[0]
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    if _file_beside(record, name).is_file():
        return _file_beside(record, name)
    try:
        top = importlib.util.find_spec(parts[0])
    except (ImportError, ValueError):
        return None
    if top is None:
        return None
    if len(parts) == 1:
        return Path(top.origin) if top.origin and Path(top.origin).is_file() else None
    for folder in top.submodule_search_locations or ():
        inside = Path(folder, *parts[1:])
        for file in (inside.with_suffix(".py"), inside / "__init__.py"):
            if file.is_file():
                return file
    return None


def imported_function(record: ModelRecord) -> Callable[..., object]:
    """Import the function that `source` names.

    Raises:
        CatalogError: there is no such module or function.
    """
    name, colon, attribute = record.source.partition(":")
    if not colon or not name or not attribute:
        raise CatalogError(
            f"Model {record.id!r}: source should be 'module:function'; got {record.source!r}."
        )
    file = _file_beside(record, name)
    try:
        module = _from_file(name, file) if file.is_file() else importlib.import_module(name)
    except ImportError as error:
        raise CatalogError(
            f"Model {record.id!r}: cannot import {name!r} (looked for {file} first): {error}."
        ) from error
    function = getattr(module, attribute, None)
    if not callable(function):
        raise CatalogError(f"Model {record.id!r}: {name} has no function {attribute!r}.")
    return cast(Callable[..., object], function)


def _file_beside(record: ModelRecord, name: str) -> Path:
    return (record.base or Path()) / Path(*name.split(".")).with_suffix(".py")


def _from_file(name: str, file: Path) -> object:
    # A file that was changed is another module.
    content = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    unique = f"prh_user_{name.replace('.', '_')}_{content}_{abs(hash(str(file.resolve())))}"
    if unique in sys.modules:
        return sys.modules[unique]
    spec = importlib.util.spec_from_file_location(unique, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    return module
