"""Feeds a vision network: images decoded, cropped and put together one batch ahead of it."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from ingest.datasets import Dataset
from ingest.extract.crops import CropCache, CropKey
from ingest.extract.loaded import CropThenScale, LoadedVision


class ImageFeeder:
    """Prepares images in threads; what reaches the device in 8 bits is scaled there."""

    def __init__(
        self,
        loaded: LoadedVision,
        dataset: Dataset,
        device: torch.device,
        crops: CropCache | None = None,
    ) -> None:
        """Prepare to feed `dataset` to `loaded` on `device`.

        Args:
            loaded: the network.
            dataset: its images.
            device: where they are wanted.
            crops: asked before an image is decoded, and given what was; only a preprocessing that
                is a `CropThenScale` has crops.
        """
        self._dataset, self._device = dataset, device
        self._step, self._crops = loaded.preprocess, crops
        workers = 1 if device.type == "cpu" else min(8, os.cpu_count() or 1)
        self._decoders = ThreadPoolExecutor(max_workers=workers)
        self._assembler = ThreadPoolExecutor(max_workers=1)
        self._started: dict[tuple[int, ...], Future[Tensor]] = {}

    def __enter__(self) -> "ImageFeeder":
        """Start."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop the threads; images not asked for yet are dropped."""
        self._decoders.shutdown(cancel_futures=True)
        self._assembler.shutdown(cancel_futures=True)

    def get(self, rows: Sequence[int]) -> Tensor:
        """Return the rows' images, (len(rows), 3, H, W) float32 on the device; start as many more.

        Whatever decoding or preprocessing raises is raised here.
        """
        asked = self._started.pop(tuple(rows), None) or self._start(rows)
        after = rows[-1] + 1
        following = range(after, min(after + len(rows), len(self._dataset)))
        self._started = {tuple(following): self._start(following)} if following else {}
        return self._scaled(asked.result())

    def only(self, rows: Sequence[int]) -> Tensor:
        """Return the rows' images, (len(rows), 3, H, W) float32 on the device; start no others."""
        return self._scaled(self._assembled([self._pixels(row) for row in rows]))

    def _start(self, rows: Sequence[int]) -> Future[Tensor]:
        """Decode what is not kept, and put the rows together, in threads."""
        parts: list[Tensor | Future[Tensor]] = []
        for row in rows:
            kept = self._kept(row)
            parts.append(self._decoders.submit(self._decoded, row) if kept is None else kept)
        return self._assembler.submit(self._assembled, parts)

    def _assembled(self, parts: Sequence["Tensor | Future[Tensor]"]) -> Tensor:
        """Return one tensor on the host, in memory that a card can copy by itself."""
        images = [part.result() if isinstance(part, Future) else part for part in parts]
        if self._device.type != "cuda":
            return torch.stack(images)
        shape = (len(images), *images[0].shape)
        pinned = torch.empty(shape, dtype=images[0].dtype, pin_memory=True)
        return torch.stack(images, out=pinned)

    def _scaled(self, images: Tensor) -> Tensor:
        there = images.to(self._device, non_blocking=self._device.type == "cuda")
        step = self._step
        return step.scale(there) if isinstance(step, CropThenScale) else there

    def _pixels(self, row: int) -> Tensor:
        kept = self._kept(row)
        return self._decoded(row) if kept is None else kept

    def _kept(self, row: int) -> Tensor | None:
        step = self._step
        if self._crops is None or not isinstance(step, CropThenScale):
            return None
        return self._crops.get(CropKey(self._dataset.image_hash, row, step.key))

    def _decoded(self, row: int) -> Tensor:
        """Return a row's crop, (3, H, W) uint8, and keep it; or all that preprocessing makes."""
        step, image = self._step, self._dataset.image(row)
        if not isinstance(step, CropThenScale):
            return step(image)
        pixels = step.crop(image).contiguous()
        if self._crops is not None:
            self._crops.put(CropKey(self._dataset.image_hash, row, step.key), pixels)
        return pixels
