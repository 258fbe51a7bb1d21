"""Features that a model in training is held against: stored ones, or arrays."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ingest.datasets import Dataset
from ingest.errors import MissingFeaturesError, RowOrderError
from ingest.store.features import FeatureHeader, read_header, read_layers
from ingest.store.workspace import Workspace
from ingest.training.samples import ProbeSamples
from prh_core.errors import SampleCountError
from prh_core.types import Features, Layers, as_layers


class Reference(NamedTuple):
    """One model's features of a dataset."""

    model_id: str
    layers: Layers
    """(N, d_l) float32 each, in depth order, a row for every sample of the dataset."""
    layer_names: tuple[str, ...]
    header: FeatureHeader | None = None
    """None for arrays, of which nothing tells which samples they hold."""


def stored_references(
    home: Path,
    dataset: Dataset,
    models: Sequence[str],
    *,
    pooling: str | None = None,
    prompt: str | None = None,
    precision: str | None = None,
) -> list[Reference]:
    """Read features that `prh extract` left in a data folder.

    Args:
        home: the data folder.
        dataset: whose samples; features of others, or in another order, are refused.
        models: ids.
        pooling, prompt, precision: which features, where several of a model are stored.

    Raises:
        MissingFeaturesError: a model has none such, or several, stored of this dataset.
        RowOrderError: what is stored lists other samples, or the same in another order.
        DamagedFeatureFileError: a file cannot be read.
    """
    store, found = Workspace(home).features, []
    name = dataset.record.id
    for model in models:
        paths = sorted((store.root / model).glob(f"{name}.*.safetensors"))
        stored = [(path, read_header(path)) for path in paths]
        # The dataset "emoji.x" has files that begin alike.
        stored = [(path, header) for path, header in stored if header.dataset_id == name]
        if not stored:
            raise MissingFeaturesError(
                f"no features of {model} on {name} are stored in this data folder; "
                f"`prh extract --dataset {name} --models {model}` makes them"
            )
        same = [(p, h) for p, h in stored if h.row_order == dataset.row_order]
        if not same:
            raise RowOrderError(
                f"{model}: the stored features of {name} list other samples, or in another order, "
                f"than the probe (row order {stored[0][1].row_order[:12]} and "
                f"{dataset.row_order[:12]}); extract them from the same dataset"
            )
        wanted = {"pooling": pooling, "prompt": prompt, "precision": precision}
        fit = [
            (path, header)
            for path, header in same
            if all(v is None or getattr(header, key) == v for key, v in wanted.items())
        ]
        if len(fit) != 1:
            there = "; ".join(
                f"pooling={h.pooling!r}, prompt={h.prompt!r}, precision={h.precision!r}"
                for _, h in same
            )
            raise MissingFeaturesError(
                f"{model}: expected one set of features of {name} with the pooling, prompt and "
                f"precision asked for, got {len(fit)}; stored are {there}"
            )
        path, header = fit[0]
        found.append(Reference(model, read_layers(path), header.layer_names, header))
    return found


def given_references(features: Mapping[str, Features]) -> list[Reference]:
    """Take arrays as references; that their rows are the probe's samples is on the caller.

    Args:
        features: name -> (N, d), (layers, N, d) or a list of (N, d_l), numpy or torch.

    Raises:
        FeatureShapeError, NotFiniteError, SampleCountError: one is none of these.
    """
    made = []
    for name, given in features.items():
        layers = as_layers(given, name)
        made.append(Reference(name, layers, tuple(f"layer.{i}" for i in range(len(layers)))))
    return made


def matched(reference: Reference, samples: ProbeSamples) -> Reference:
    """Return a reference of the probe's samples alone, in their order.

    Raises:
        RowOrderError: it is of other samples, or nobody knows of which.
        SampleCountError: it has too few rows.
    """
    order = samples.row_order
    if reference.header is not None and reference.header.row_order != order:
        raise RowOrderError(
            f"expected features of {reference.model_id} of the probe's samples in their order "
            f"({samples.dataset_id}, row order {(order or 'unknown')[:12]}), got those of "
            f"{reference.header.dataset_id} (row order {reference.header.row_order[:12]})"
        )
    if not len(samples.rows):  # a name alone: the reference holds the probe's samples
        return reference
    total = len(reference.layers[0])
    wanted = (
        len(samples.dataset)
        if isinstance(samples.dataset, Dataset)
        else int(samples.rows.max()) + 1
    )
    if total < wanted or (isinstance(samples.dataset, Dataset) and total != wanted):
        raise SampleCountError(
            f"expected {wanted} rows of {reference.model_id}, one a sample of "
            f"{samples.dataset_id}, got {total}"
        )
    return reference._replace(layers=[layer[samples.rows] for layer in reference.layers])
