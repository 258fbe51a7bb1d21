"""The probe set: which samples a live model is shown, and how its layers are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from ingest.catalog.records import ModelRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, ModelFailedError, OutOfMemoryError
from ingest.extract.batching import LayerStack, run_batches
from ingest.extract.device import out_of_memory
from ingest.extract.loaded import Layout, LoadedLanguage, LoadedVision, Placement, Tap
from ingest.extract.variants import Variant, check_variant
from ingest.progress import Silent
from ingest.store.precision import PRECISIONS
from ingest.training.random_state import restored_random_state
from ingest.training.rows import part_of, probe_rows
from ingest.training.state import device_of, precision_of

if TYPE_CHECKING:
    from ingest.catalog.records import Modality

LIVE = "the model in training"


@dataclass(frozen=True)
class ProbeSamples:
    """Samples, and what reads a live model's layers of them."""

    dataset: Dataset | str
    """Whose samples; the name alone where nothing is known of them but their number."""
    rows: NDArray[np.int64]
    """(n,) which rows of the dataset, in the order of the features."""
    pooling: str
    """How positions become one vector; '' where the caller's function decides."""
    prompt: str
    """Name of the template put around captions; 'none' without."""
    read: Callable[[nn.Module], dict[str, NDArray[np.float32]]]
    """The model in eval mode -> layer name -> (n, d) float32, in depth order."""

    @property
    def dataset_id(self) -> str:
        """The dataset's name."""
        return self.dataset if isinstance(self.dataset, str) else self.dataset.record.id

    @property
    def row_order(self) -> str | None:
        """SHA-256 of the dataset's sample ids in order; None where they are not known."""
        return None if isinstance(self.dataset, str) else self.dataset.row_order


def captions(
    dataset: Dataset,
    tokenizer: Any,
    *,
    n: int | None = None,
    pooling: str = "mean",
    prompt: str = "none",
    batch_size: int | None = None,
) -> ProbeSamples:
    """Show a transformers model in training a dataset's captions; all its hidden states are read.

    They are taken as `prh extract` takes them: in the part that reads text, pooled as they come,
    batches of like length. Once, three captions run alone are held against their batches.

    Args:
        dataset: its captions.
        tokenizer: the model's.
        n: so many captions, the first of one random order; None takes 256, or all of fewer.
        pooling: 'mean', 'last' or 'first' token.
        prompt: name of a prompt of the catalog.
        batch_size: most captions a batch; None lets the device decide.

    Raises:
        SampleCountError: the dataset has fewer samples.
        CatalogError, DatasetError, RowOrderError: when a model is first read and cannot be: see
            `ingest.extract.extract`.
    """
    from ingest.extract.chosen import Chosen, chosen_tokens
    from ingest.extract.language import of_rows, run_texts, text_batches, tokenize, verify_rows
    from ingest.extract.transformers_models import wrap

    rows = probe_rows(dataset, n)
    shown = part_of(dataset, rows)
    record = _record("language", "transformers")
    variant = Variant(pooling, prompt)
    check_variant(record, variant)
    if variant.says.generate:
        raise CatalogError(
            f"the prompt {prompt!r} has captions continued by the model, which a probe of a "
            "training does not do; name another"
        )
    pools = variant.pools
    texts = [variant.says.around(caption) for caption in shown.captions]
    kept: list[tuple[nn.Module, LoadedLanguage, list[list[int]], Chosen]] = []

    def read(model: nn.Module) -> dict[str, NDArray[np.float32]]:
        first = not kept or kept[0][0] is not model
        if first:
            if not hasattr(model, "get_output_embeddings"):
                raise CatalogError(
                    f"captions() expects a model of transformers, got {type(model).__name__}; "
                    "batches() reads any"
                )
            loaded = wrap(record, model, tokenizer, "live", placed=True)
            ids = tokenize(loaded, texts, shown).ids
            chosen = chosen_tokens(record, loaded, shown, variant.says, pools, ids)
            kept[:] = [(model, loaded, ids, chosen)]
        _, loaded, ids, chosen = kept[0]
        averaged = dict.fromkeys([pools], chosen)
        place = _place(model)
        stack = LayerStack(len(ids))

        def step(batch: Sequence[int]) -> None:
            own = of_rows(averaged, batch)
            pooled = run_texts(loaded, [ids[row] for row in batch], own, place)
            stack.put(batch, pooled[pools])

        run_batches(text_batches(ids, place, batch_size), step, place.device, Silent(), LIVE)
        arrays = stack.finish()
        if first:
            verify_rows(record, loaded, ids, averaged, dict.fromkeys([pools], arrays), place)
        return {f"hidden.{depth}": array for depth, array in enumerate(arrays)}

    return ProbeSamples(dataset, rows, pooling, prompt, read)


def images(
    dataset: Dataset,
    preprocess: Callable[[Image.Image], Tensor],
    layers: Sequence[str],
    *,
    n: int | None = None,
    pooling: str = "gap",
    layout: Layout | None = None,
    prefix_tokens: int | None = None,
    batch_size: int = 32,
) -> ProbeSamples:
    """Show a vision model in training a dataset's images; named modules are read by hooks.

    What `preprocess` makes of the images is kept in memory. Once, three images run alone are held
    against their batches.

    Args:
        dataset: its images.
        preprocess: RGB image -> (C, H, W) float tensor, as the model is evaluated.
        layers: paths of submodules, in depth order; each gives (B, C, H, W), (B, H, W, C) or
            (B, T, C) and runs once a pass.
        n: so many images, the first of one random order; None takes 256, or all of fewer.
        pooling: 'gap', the mean over positions, or 'cls', the first token.
        layout: "nchw", "nhwc" or "tokens"; None has two drawn images show it, which takes a model
            of square images of three channels.
        prefix_tokens: tokens before the patches, of layout "tokens".
        batch_size: images a batch.

    Raises:
        SampleCountError: the dataset has fewer samples.
        CatalogError, RowOrderError: when a model is first read and cannot be: see
            `ingest.extract.extract`.
    """
    from ingest.extract.custom import shown_reads
    from ingest.extract.layouts import Stated
    from ingest.extract.vision import read_taps, verify_rows

    rows = probe_rows(dataset, n)
    with restored_random_state():
        pixels = torch.stack([preprocess(dataset.image(int(row))) for row in rows])
    record = _record("vision", "module")
    variant = Variant(pooling)
    check_variant(record, variant)
    pools = variant.pools
    kept: list[tuple[nn.Module, tuple[Tap, ...]]] = []

    def taps_of(model: nn.Module, place: Placement) -> tuple[Tap, ...]:
        if layout is not None:
            before = int(pooling == "cls") if prefix_tokens is None else prefix_tokens
            return tuple(Tap(path, path, layout, before) for path in layers)
        channels, height, width = pixels.shape[1:]
        if channels != 3 or height != width:
            raise CatalogError(
                f"images of {channels} x {height} x {width} show no layout, which takes three "
                'channels and a square: name the layout, "nchw", "nhwc" or "tokens"'
            )
        stated = Stated("tokens" if pooling == "cls" else None, prefix_tokens)
        found = shown_reads(record, model, list(layers), stated, height, place)
        return tuple(Tap(path, path, *read) for path, read in zip(layers, found, strict=True))

    def read(model: nn.Module) -> dict[str, NDArray[np.float32]]:
        place = _place(model)
        first = not kept or kept[0][0] is not model
        if first:
            kept[:] = [(model, taps_of(model, place))]
        loaded = _live(model, kept[0][1], pooling, preprocess)
        stack = LayerStack(len(pixels))

        def put(batch: Sequence[int]) -> Tensor:
            return pixels[list(batch)].to(place.device, place.dtype)

        with read_taps(record, loaded, [pools]) as run:
            starts = range(0, len(pixels), batch_size)
            parts = [range(at, min(at + batch_size, len(pixels))) for at in starts]
            run_batches(
                parts,
                lambda batch: stack.put(batch, run(put(batch))[pools]),
                place.device,
                Silent(),
                LIVE,
            )
            arrays = stack.finish()
            if first:
                largest = min(batch_size, len(pixels))
                verify_rows(
                    record, loaded, run, put, dict.fromkeys([pools], arrays), largest, place
                )
        return dict(zip(layers, arrays, strict=True))

    return ProbeSamples(dataset, rows, pooling, "none", read)


def batches(
    inputs: Sequence[Any],
    layers: Callable[[nn.Module, Any], Mapping[str, Tensor]],
    dataset: Dataset | str,
    *,
    rows: Sequence[int] | None = None,
) -> ProbeSamples:
    """Show any model in training batches that are ready, and read it by a function.

    Args:
        inputs: batches, which may hold tensors in lists, tuples and dictionaries; these are moved
            to the model's device.
        layers: model and batch -> layer name -> (B, d), in depth order.
        dataset: whose samples these are, or a name for them: then features that are stored cannot
            be references, since nothing shows that they are of the same samples.
        rows: which rows of the dataset the batches hold, in order; all by default.

    Raises:
        SampleCountError, ModelFailedError: when a model is read and gives another number of rows.
        OutOfMemoryError: when a batch does not fit beside the training.
    """
    if rows is None:
        rows = range(len(dataset)) if isinstance(dataset, Dataset) else ()
    chosen = np.asarray(rows, np.int64)

    def read(model: nn.Module) -> dict[str, NDArray[np.float32]]:
        device, parts = device_of(model), dict[str, list[NDArray[np.float32]]]()
        for at, batch in enumerate(inputs):
            try:
                found = layers(model, _moved(batch, device))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                raise OutOfMemoryError(
                    f"batch {at} of the probe does not fit the memory of {device} beside the "
                    "training; hand over smaller batches"
                ) from error
            if at and list(found) != list(parts):
                raise ModelFailedError(
                    f"batch {at} gave the layers {', '.join(found)}, earlier ones gave "
                    f"{', '.join(parts)}"
                )
            for name, layer in found.items():
                if not isinstance(layer, Tensor) or layer.ndim != 2:
                    got = tuple(layer.shape) if isinstance(layer, Tensor) else type(layer).__name__
                    raise ModelFailedError(
                        f"the layer {name!r} should be a tensor (samples, width), got {got}"
                    )
                parts.setdefault(name, []).append(layer.detach().float().cpu().numpy())
        return {name: np.concatenate(pieces) for name, pieces in parts.items()}

    return ProbeSamples(dataset, chosen, "", "none", read)


def _live(model: nn.Module, taps: tuple[Tap, ...], pooling: str, preprocess: Any) -> LoadedVision:
    return LoadedVision(
        module=model,
        forward=model,
        taps=taps,
        layout="nchw",
        prefix_tokens=None,
        has_class_token=pooling == "cls",
        preprocess=preprocess,
        revision="live",
    )


def _record(modality: "Modality", loader: str) -> ModelRecord:
    """Return a record for the sentences of what reads networks."""
    return ModelRecord(
        id="in-training",
        label=LIVE,
        modality=modality,
        family="in training",
        objective="in training",
        source="live",
        revision="live",
        license="unstated",
        loader=loader,
        citation="none",
    )


def _place(model: nn.Module) -> Placement:
    """Return where and in which precision a model is trained.

    Raises:
        CatalogError: in one that features are not extracted in.
    """
    precision = precision_of(model)
    if precision not in PRECISIONS:
        raise CatalogError(
            f"expected weights in {', '.join(PRECISIONS)}, got {precision}; batches() reads any"
        )
    return Placement(device_of(model), getattr(torch, precision))


def _moved(batch: Any, device: torch.device) -> Any:
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, Mapping):
        return {key: _moved(value, device) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        return type(batch)([_moved(value, device) for value in batch])
    return batch
