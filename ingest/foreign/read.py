"""Files of features to layers by name: one file of several layers, or several files."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ingest.errors import FeaturesFileError, SampleIdsError
from ingest.foreign.held import Contents, sliced
from ingest.foreign.ids import ids_file, some
from prh_core.errors import SampleCountError
from prh_core.types import Layer, Layout


class Given(NamedTuple):
    """Features that somebody saved."""

    title: str
    """The names of the files."""
    layers: dict[str, Layer]
    """Layer name -> (n, d_l) float32, in depth order."""
    ids: tuple[str, ...] | None
    """(n,) sample ids; None where nothing says which row is which sample."""
    row_order: str | None
    """Hash of the sample ids in order, where the files are feature files of a data folder."""
    notes: tuple[str, ...]
    """What a reader should know: what was left alone."""

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(next(iter(self.layers.values())))

    def taken(self, rows: np.ndarray | None) -> "Given":
        """Return these rows of every layer, in that order; all as they stand for None."""
        if rows is None:
            return self
        ids = None if self.ids is None else tuple(self.ids[row] for row in rows)
        # One layer after another, so that only one is there twice where the caller lets go.
        layers = {name: layer[rows] for name, layer in self.layers.items()}
        return self._replace(layers=layers, ids=ids, row_order=None)


Opener = Callable[[Path], AbstractContextManager[Contents]]


def _opener(path: Path) -> Opener:
    """Return what opens a file; a library is imported with the first file that needs it."""
    ending = path.suffix.lower()
    if ending == ".safetensors":
        from ingest.foreign.tensors import open_safetensors

        return open_safetensors
    if ending in (".npy", ".npz"):
        from ingest.foreign.arrays import open_npy, open_npz

        return open_npy if ending == ".npy" else open_npz
    if ending == ".parquet":
        from ingest.foreign.parquet import open_parquet

        return open_parquet
    if ending in (".h5", ".hdf5"):
        from ingest.foreign.hdf5 import open_hdf5

        return open_hdf5
    how = "; save the tensors as .safetensors: a pickle is code" if ending in _PICKLES else ""
    raise FeaturesFileError(
        f"features should be in a .safetensors, .npy, .npz, .parquet or .h5 file, got "
        f"{path.name}{how}"
    )


_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".joblib")


def read_given(files: Sequence[Path], *, ids: Path | None = None, layout: Layout = "auto") -> Given:
    """Read features that another program saved, and check them.

    What a header claims is held against the file's size before anything is made room for; float32
    of .npy and .safetensors files stays in the file, and of other files one array at a time is
    unpacked and narrowed. Pickles and arrays of objects are never read.

    Args:
        files: of one model, in depth order; each has one layer or several.
        ids: a file of sample ids, one a row; by default those the files hold.
        layout: what the axes of an array of three are: "lnd" (layers, n, d), "nld" (n, layers, d).

    Raises:
        FeaturesFileError: a file is not as described, or cannot be read.
        NotFiniteError: a layer holds NaN, infinity, or what is beyond float32's range.
        SampleCountError: layers, or layers and ids, are of different numbers of samples.
        SampleIdsError: ids are no ids, or files hold different ones.
        MissingExtraError: h5py is not installed, and a file is .h5.
    """
    layers: dict[str, Layer] = {}
    own: tuple[str, ...] | None = None
    orders: set[str | None] = set()
    notes: list[str] = []
    for file in files:
        if not file.is_file():
            what = "a folder" if file.is_dir() else "not there"
            raise FeaturesFileError(f"{file} should be a file of features, and is {what}")
        with _opener(file)(file) as contents:
            _refuse_other_axes(file, contents)
            for array in contents.arrays:
                for name, layer in sliced(array, layout, file.name):
                    _add(layers, _unused(name, layers, file, files), layer, file)
            if contents.left:
                notes.append(f"{file.name}: {some(contents.left)} left alone: no layer, no ids")
            if own is not None and contents.ids is not None and own != contents.ids:
                raise SampleIdsError(
                    f"{file.name} lists other samples, or in another order, than {files[0].name}"
                )
            own = own if contents.ids is None else contents.ids
            orders.add(contents.row_order)
    named = own if ids is None else ids_file(ids)
    title = some([file.name for file in files])
    n = len(next(iter(layers.values())))
    if named is not None and len(named) != n:
        where = title if ids is None else ids.name
        raise SampleCountError(f"{title} holds {n:,} rows, and {where} {len(named):,} sample ids")
    if len(orders) > 1:
        raise SampleIdsError(f"{title} are feature files of different row orders")
    return Given(title, layers, named, orders.pop(), tuple(notes))


def _refuse_other_axes(file: Path, contents: Contents) -> None:
    for array in contents.arrays:
        if len(array.shape) not in (2, 3):
            raise FeaturesFileError(
                f"{file.name}: expected (n, d) or, with --layout, three axes, got {array.name} "
                f"{array.told}"
            )
    if not contents.arrays:
        left = f"; {some(contents.left)} have fewer axes" if contents.left else ""
        raise FeaturesFileError(f"{file.name} holds no layer: expected an array (n, d){left}")


def _unused(name: str, layers: dict[str, Layer], file: Path, files: Sequence[Path]) -> str:
    """Return a layer's name, led by its file's where several files have it."""
    return f"{file.stem}.{name}" if name in layers and len(files) > 1 else name


def _add(layers: dict[str, Layer], name: str, layer: Layer, file: Path) -> None:
    if name in layers:
        raise FeaturesFileError(f"{file.name}: two layers would be called {name!r}")
    if layers and len(layer) != len(next(iter(layers.values()))):
        first = next(iter(layers))
        raise SampleCountError(
            f"{file.name}: layer {name!r} holds {len(layer):,} samples, layer {first!r} holds "
            f"{len(layers[first]):,}"
        )
    layers[name] = layer
