"""Vision: read every tapped layer of every image, pooled as it comes out of the network."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingest.catalog.records import ModelRecord
from ingest.catalog.variant_records import PoolingRecord
from ingest.datasets import Dataset
from ingest.errors import CatalogError, RowOrderError
from ingest.extract.batching import LayerStack, run_batches, same_row
from ingest.extract.crops import CropCache
from ingest.extract.device import out_of_memory
from ingest.extract.feeding import ImageFeeder
from ingest.extract.fold import fold_batchnorm
from ingest.extract.layouts import first_tensor, hooked, layer_output, submodules
from ingest.extract.loaded import LoadedVision, Placement, Tap
from ingest.extract.positions import pool_image
from ingest.extract.variants import Variant, shipped_pooling
from ingest.progress import Progress

# On a CPU small batches stay in its caches: 8 images run 1.5 to 2 times as fast as 32.
BATCH = {"cpu": 8, "mps": 32, "cuda": 128}


def extract_vision(
    record: ModelRecord,
    loaded: LoadedVision,
    dataset: Dataset,
    variants: Sequence[Variant],
    place: Placement,
    batch_size: int | None,
    progress: Progress,
    crops: CropCache | None = None,
) -> dict[Variant, dict[str, NDArray[np.float32]]]:
    """Return per variant the tapped layers, name -> (n, d) float32 array; one forward pass.

    `crops` saves decoding images that another model was shown.

    Raises:
        CatalogError: a pooling does not suit the network, or a tap does not fire.
        OutOfMemoryError: not even one image fits.
        RowOrderError: a row run alone differs from what was stored for it.
    """
    poolings: dict[Variant, PoolingRecord] = {
        variant: resolved_pooling(record, loaded, variant.pools) for variant in variants
    }
    n = len(dataset)
    stacks: dict[PoolingRecord, LayerStack] = {
        pooling: LayerStack(n) for pooling in poolings.values()
    }
    size = batch_size or BATCH.get(place.device.type, 32)
    batches = [range(at, min(at + size, n)) for at in range(0, n, size)]
    feeder = ImageFeeder(loaded, dataset, place.device, crops)
    largest = 0

    progress.start(f"{record.label}: images", n)
    try:
        with feeder:
            ready = _prepared(loaded, place, feeder)
            with torch.inference_mode(), read_taps(record, loaded, set(stacks)) as read:

                def step(rows: Sequence[int]) -> None:
                    nonlocal largest
                    for pooling, layers in read(ready(feeder.get(rows))).items():
                        stacks[pooling].put(rows, layers)
                    largest = max(largest, len(rows))

                run_batches(batches, step, place.device, progress, record.label)
                finished: dict[PoolingRecord, list[NDArray[np.float32]]] = {
                    pooling: stack.finish() for pooling, stack in stacks.items()
                }

                def again(images: Tensor) -> dict[PoolingRecord, list[Tensor]]:
                    return read(ready(images))

                verify_rows(record, loaded, again, feeder.only, finished, largest, place)
    finally:
        progress.done()
    names = [tap.name for tap in loaded.taps]
    return {
        variant: dict(zip(names, finished[pooling], strict=True))
        for variant, pooling in poolings.items()
    }


def _prepared(
    loaded: LoadedVision, place: Placement, feeder: ImageFeeder
) -> Callable[[Tensor], Tensor]:
    """Bring the network to its device in the fastest form that it runs in; return what images need.

    Convolutions run with their channels last, unless one of three dimensions or a reshape in the
    network forbids it; on a CPU batch normalization is folded.
    """
    module = loaded.module.to(device=place.device, dtype=place.dtype)

    def plain(images: Tensor) -> Tensor:
        return images.to(device=place.device, dtype=place.dtype)

    def channels_last(images: Tensor) -> Tensor:
        return plain(images).contiguous(memory_format=torch.channels_last)

    if loaded.layout == "tokens":
        return plain
    image = feeder.only([0])
    ready = channels_last
    try:
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        with torch.inference_mode():
            loaded.forward(channels_last(image))
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        ready = plain
    if place.device.type == "cpu" and loaded.layout == "nchw":
        with torch.inference_mode():
            fold_batchnorm(loaded, ready(image))
    return ready


@contextmanager
def read_taps(
    record: ModelRecord, loaded: LoadedVision, poolings: Collection[PoolingRecord]
) -> Iterator[Callable[[Tensor], dict[PoolingRecord, list[Tensor]]]]:
    """Yield what runs images, (B, 3, H, W), and returns per pooling their layers, (B, d) each.

    The tapped modules are hooked and pooled as they run, so full activations never pile up.
    """
    label, taps = f"Model {record.id!r}", loaded.taps
    pooled: dict[Tap, dict[PoolingRecord, Tensor]] = {}

    def take(tap: Tap, output: object) -> None:
        if tap in pooled:
            raise CatalogError(
                f"{label}: the layer {tap.name!r} ran twice in one forward pass; name a layer that "
                "runs once."
            )
        layout, prefix = loaded.layout_of(tap), loaded.prefix_of(tap) or 0
        tensor = layer_output(label, tap.name, first_tensor(output), layout)
        where = f"{label}: the layer {tap.name!r}"
        pooled[tap] = {
            p: pool_image(tensor, layout, p, prefix, loaded.attend, where) for p in poolings
        }

    def take_all(path: str, output: object) -> None:
        for tap in taps:
            if tap.path == path:
                take(tap, output)

    def read(images: Tensor) -> dict[PoolingRecord, list[Tensor]]:
        pooled.clear()
        result = loaded.forward(images)
        if loaded.returns_taps:
            for tap, output in zip(taps, cast(list[Tensor], result), strict=True):
                take(tap, output)
        for tap in taps:
            if tap not in pooled:
                raise CatalogError(
                    f"{label}: the layer {tap.name!r} did not run in the forward pass."
                )
        return {p: [pooled[tap][p] for tap in taps] for p in poolings}

    paths = () if loaded.returns_taps else dict.fromkeys(tap.path for tap in taps)
    submodules(label, loaded.module, tuple(paths))  # refuses paths that are none
    with hooked(loaded.module, paths, take_all):
        yield read


def verify_rows(
    record: ModelRecord,
    loaded: LoadedVision,
    run: Callable[[Tensor], dict[PoolingRecord, list[Tensor]]],
    images: Callable[[Sequence[int]], Tensor],
    finished: Mapping[PoolingRecord, Sequence[NDArray[np.float32]]],
    largest: int,
    place: Placement,
) -> None:
    """Run the first, the middle and the last row alone and compare with what is stored.

    Where every row was run alone, it is run again between other images.

    Args:
        record: the model.
        loaded: its network.
        run: (B, 3, H, W) -> per pooling the layers, (B, d) each.
        images: rows -> their images, (len(rows), 3, H, W).
        finished: per pooling the stored layers, (n, d) each.
        largest: images in the largest batch that was run.
        place: where it was run, and in which precision.

    Raises:
        RowOrderError: one differs by more than rounding.
    """
    n = len(next(iter(finished.values()))[0])
    for row in dict.fromkeys((0, n // 2, n - 1)):
        image = images([row])
        # Between its own negatives, for one image may be all there is.
        batch = image if largest > 1 else torch.cat([-image.flip(-1), image, -image.flip(-1)])
        at = len(batch) // 2
        try:
            result = run(batch)
        except (RuntimeError, MemoryError) as error:
            if len(batch) == 1 or not out_of_memory(error):
                raise
            return  # images that do not fit the device together cannot depend on each other
        for pooling, arrays in finished.items():
            for depth, (array, layer) in enumerate(zip(arrays, result[pooling], strict=True)):
                name = loaded.taps[depth].name
                if len(layer) != len(batch):
                    raise RowOrderError(
                        f"Model {record.id!r}: the first axis of the layer {name!r} is not the "
                        f"batch: {len(batch)} images came back as {len(layer)} rows."
                    )
                vector = layer[at].cpu().numpy()
                if same_row(array, row, vector, place.dtype):
                    continue
                distance = float(np.linalg.norm(array[row] - vector))

                def once_more(
                    images: Tensor,
                    pooling: PoolingRecord = pooling,
                    depth: int = depth,
                    at: int = at,
                ) -> NDArray[np.float32]:
                    return run(images)[pooling][depth][at].cpu().numpy()

                raise RowOrderError(
                    f"Model {record.id!r}: row {row} run "
                    + ("alone" if largest > 1 else "between other images")
                    + f" differs from the stored one in the layer {name!r} (pooling {pooling.id}, "
                    f"distance {distance:.3g}, norm {np.linalg.norm(vector):.3g}): features "
                    + _cause(once_more, batch, vector, distance, place)
                )


def _cause(
    run: Callable[[Tensor], NDArray[np.float32]],
    images: Tensor,
    vector: NDArray[np.float32],
    distance: float,
    place: Placement,
) -> str:
    """Say why a row comes out elsewhere, at `distance` from `vector`, which `run` gave before."""
    if not same_row(run(images)[None], 0, vector, place.dtype):
        return "change each time the network runs, which draws at random or keeps a state."
    rounded = run(images * (1 + torch.finfo(place.dtype).eps))
    if np.linalg.norm(rounded - vector) > distance / 10:
        return "change as much when the image changes by rounding alone."
    return "depend on the images that share a batch."


def resolved_pooling(
    record: ModelRecord, loaded: LoadedVision, pooling: PoolingRecord
) -> PoolingRecord:
    """Return the pooling really used: a class token where every layer has one, else the average.

    Raises:
        CatalogError: there is no class token, nobody knows which tokens are patches, or there is no
            attention pool.
    """
    if pooling.take == "auto":
        pooling = shipped_pooling("cls" if loaded.has_class_token else "gap")
    if pooling.take == "attention":
        if loaded.attend is None:
            raise CatalogError(
                f"Model {record.id!r} has no attention pool that reads its layers' tokens; the "
                f'pooling {pooling.id!r} needs one, "gap" does not.'
            )
        return pooling
    if pooling.take == "cls" and not loaded.has_class_token:
        without = next((tap.name for tap in loaded.taps if not loaded.prefix_of(tap)), None)
        where = "" if without is None else f" in its layer {without!r}"
        raise CatalogError(f'Model {record.id!r} has no class token{where}; use pooling = "gap".')
    unknown = [tap.name for tap in loaded.taps if loaded.prefix_of(tap) is None]
    if pooling.take != "cls" and unknown:
        raise CatalogError(
            f"Model {record.id!r}: nothing tells how many tokens precede the patches in its layer "
            f"{unknown[0]!r}; name prefix_tokens."
        )
    return pooling
