"""What a data folder holds of a dataset: feature sets and sample ids, whatever catalogs say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ingest.errors import MissingFeaturesError
from ingest.foreign.pair import Usable, usable
from ingest.pipeline.scores.plan import FeatureFile, open_features
from ingest.store.away import deleted_files, how_to_bring_back
from ingest.store.features import read_layers
from ingest.store.workspace import Workspace
from prh_core.types import Layers


class StoredDataset(NamedTuple):
    """Feature sets of one dataset in one row order."""

    dataset_id: str
    row_order: str
    sample_ids: tuple[str, ...]
    """(n,)"""
    files: list[FeatureFile]
    others: int
    """Feature sets of the dataset in other row orders."""

    def files_of(self, models: Sequence[str]) -> list[FeatureFile]:
        """Return the feature sets of these models; of all where none is named.

        Raises:
            MissingFeaturesError: a model has none here.
        """
        files = [file for file in self.files if not models or file.header.model_id in models]
        absent = sorted(set(models) - {file.header.model_id for file in files})
        if absent:
            raise MissingFeaturesError(
                f"no features are stored on {self.dataset_id} of {', '.join(absent)}; there are of "
                f"{', '.join(sorted({file.header.model_id for file in self.files}))}"
            )
        return files


def stored_dataset(workspace: Workspace, dataset_id: str) -> StoredDataset:
    """Return the feature sets stored on a dataset, in the row order last recorded.

    Raises:
        MissingFeaturesError: none is stored, or its samples are not recorded.
        DamagedFeatureFileError: one cannot be read.
    """
    found = [
        open_features(path)
        for path in sorted(workspace.features.root.glob("*/*.safetensors"))
        if path.name.startswith(f"{dataset_id}.")
    ]
    found = [file for file in found if file.header.dataset_id == dataset_id]
    if not found:
        away = how_to_bring_back(deleted_files(workspace.features.root, dataset_id))
        if away is not None:
            raise MissingFeaturesError(away)
        raise MissingFeaturesError(
            f"no features are stored on {dataset_id}; run `prh extract --dataset {dataset_id}` or "
            f"`prh import features FILE --dataset {dataset_id}` first"
        )
    ids = sample_ids(workspace, dataset_id)
    orders = [order for order in ids if any(f.header.row_order == order for f in found)]
    if not orders:
        raise MissingFeaturesError(
            f"features are stored on {dataset_id}, and its samples are not recorded there; run "
            f"`prh extract --dataset {dataset_id}` again"
        )
    files = [file for file in found if file.header.row_order == orders[0]]
    return StoredDataset(dataset_id, orders[0], ids[orders[0]], files, len(found) - len(files))


def sample_ids(workspace: Workspace, dataset_id: str) -> dict[str, tuple[str, ...]]:
    """Return the sample ids of a dataset by row order, the one last recorded first."""
    rows = workspace.warehouse.rows("samples", f"{dataset_id}.*")
    if rows is None:
        return {}
    rows = rows.filter(dataset_id=dataset_id).sort("recorded_at", descending=True)
    return {
        order: tuple(rows.filter(row_order=order).unique("position").sort("position")["sample_id"])
        for order in rows["row_order"].unique(maintain_order=True)
    }


def stored_captions(
    workspace: Workspace, dataset_id: str, row_order: str
) -> tuple[str, ...] | None:
    """Return the captions of a dataset's samples in order, None where none are recorded."""
    rows = workspace.warehouse.rows("samples", f"{dataset_id}.*")
    if rows is None:
        return None
    rows = rows.filter(dataset_id=dataset_id, row_order=row_order).sort("recorded_at")
    rows = rows.unique("position", keep="last").sort("position")
    return tuple(text or "" for text in rows["caption"]) if rows.height else None


class PanelFeatures(Mapping[str, Layers]):
    """Stored feature sets by a name that tells them apart, each read when it is asked for."""

    def __init__(self, files: Sequence[FeatureFile], rows: np.ndarray | None) -> None:
        """Take these files, of each these rows; all rows for None."""
        self.files: dict[str, FeatureFile] = {}
        self.sides: dict[str, Usable] = {}
        """Of those read: which layers were, by name; the features themselves are not kept."""
        self._rows = rows
        ids = [file.header.model_id for file in files]
        for file in files:
            header, name = file.header, file.header.model_id
            if ids.count(name) > 1:
                name += f" ({header.pooling}, {header.prompt}, {header.precision})"
            self.files[f"{name} {header.key[:6]}" if name in self.files else name] = file

    def __len__(self) -> int:
        """Return the number of feature sets."""
        return len(self.files)

    def __iter__(self) -> Iterator[str]:
        """Return their names."""
        return iter(self.files)

    def __getitem__(self, name: str) -> Layers:
        """Read one, less its constant layers.

        Raises:
            DamagedFeatureFileError, DegenerateLayerError: it cannot be read or compared.
        """
        file = self.files[name]
        layers = read_layers(file.path)
        if self._rows is not None:
            layers = [layer[self._rows] for layer in layers]
        side = usable(dict(zip(file.header.layer_names, layers, strict=True)), name)
        self.sides[name] = side._replace(layers=[])
        return side.layers
