"""Variants of a dataset: what their captions, or their pictures, are made of.

A set is named by what is done and to what: `own` (the dataset's captions), `joined:3` (the first
three human captions), `caption:2` (the second alone), `column:lemma` (another column),
`first:5@joined:5` (the first five words of those), `shuffled@own` (their words in random order),
`mixed@own` (as many words, drawn from all captions), `summary:10@own` (a summary by a language
model, see `summaries`); of pictures
`pixels:32`, `blur:4`, `gray`, `mirror`, `crop:90` (the middle, 90 % of each side) and, where items
have several frames, `frame:2` (the second that is looked at).
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from ingest.catalog.records import DatasetRecord
from ingest.datasets import Dataset
from ingest.errors import CaptionSetError, DatasetError, MissingCaptionError

OWN = "own"
LADDER = ("own", "joined", "column", "summary")
"""Kinds whose captions say more or less; the others are controls of length or order."""
CONTROLS = ("first", "shuffled", "mixed")
OTHER_CAPTION = "caption"
"""The kind that says the same in other words: another person's caption of the same image."""
FRAME = "frame"
PICTURES = ("pixels", "blur", "gray", "mirror", "crop", FRAME)
_FORM = re.compile(r"^(?P<kind>[a-z]+)(?::(?P<amount>[^@]+))?(?:@(?P<parent>.+))?$")
SEED = 0
_LONGEST_SLUG = 60


@dataclass(frozen=True)
class SetSpec:
    """What a set is named for: what is done, how much, and to which other set."""

    name: str
    kind: str
    amount: str | None
    parent: str | None

    @property
    def number(self) -> int:
        """The amount, a whole number above zero."""
        if self.amount is None or not self.amount.isdigit() or not int(self.amount):
            raise CaptionSetError(f"{self.name}: expected a number above zero, as in {self.kind}:5")
        return int(self.amount)


def parse_set(name: str) -> SetSpec:
    """Read the name of a set.

    Raises:
        CaptionSetError: there is no such kind, or it lacks its number.
    """
    match = _FORM.match(name)
    kinds = (*LADDER, OTHER_CAPTION, *CONTROLS, *PICTURES)
    if match is None or match["kind"] not in kinds:
        raise CaptionSetError(f"expected a set of kind {', '.join(kinds)}; got {name!r}")
    spec = SetSpec(name, match["kind"], match["amount"], match["parent"])
    if spec.kind in ("joined", OTHER_CAPTION, "first", "summary", "pixels", "blur", "crop", FRAME):
        _ = spec.number
    if spec.kind == "crop" and spec.number > 100:
        raise CaptionSetError(f"{name}: expected at most 100 % of a picture's side")
    if spec.kind == "column" and not spec.amount:
        raise CaptionSetError(f"{name}: expected a column, as in column:definition")
    if spec.kind in (*CONTROLS, "summary"):
        return spec if spec.parent else replace(spec, parent=OWN, name=f"{name}@{OWN}")
    if spec.parent:
        raise CaptionSetError(f"{name}: a set of kind {spec.kind} is made of no other (@)")
    # Another caption is held against the dataset's own, as a control is.
    return replace(spec, parent=OWN) if spec.kind == OTHER_CAPTION else spec


@dataclass(frozen=True)
class CaptionSet:
    """A variant of a dataset: the same images in the same order."""

    spec: SetSpec
    dataset: Dataset
    """Under an id of its own, `base.name`."""
    base_id: str

    @property
    def is_control(self) -> bool:
        """Whether it separates length, order or wording from what is said."""
        return self.spec.kind in (*CONTROLS, OTHER_CAPTION)

    @property
    def of_pictures(self) -> bool:
        """Whether the pictures are changed, not the captions."""
        return self.spec.kind in PICTURES

    @property
    def words(self) -> np.ndarray:
        """Words of each caption."""
        return np.array([len(caption.split()) for caption in self.dataset.captions])


Reopen = Callable[[DatasetRecord], Dataset]


def build_sets(base: Dataset, names: Sequence[str], reopen: Reopen) -> list[CaptionSet]:
    """Make sets, the parents of what is asked among them, each before what is made of it.

    Args:
        base: the dataset.
        names: of sets; summaries are left to `summaries` and may not be among them.
        reopen: opens a changed record of the dataset, to read its other captions.

    Raises:
        CaptionSetError: a name is none, or a set cannot be made.
        MissingCaptionError: a caption is missing or empty; the message names the set and sample.
    """
    sets: dict[str, CaptionSet] = {}

    def make(name: str) -> CaptionSet:
        spec = parse_set(name)
        if spec.name not in sets:
            parent = make(spec.parent).dataset.captions if spec.parent else base.captions
            sets[spec.name] = _made(spec, base, parent, reopen)
        return sets[spec.name]

    for name in names:
        make(name)
    return list(sets.values())


def _made(spec: SetSpec, base: Dataset, parent: Sequence[str], reopen: Reopen) -> CaptionSet:
    if spec.kind == FRAME:
        return _framed(spec, base, reopen)
    if spec.kind in PICTURES:
        return _pictured(spec, base)
    captions: Sequence[str] = parent
    if spec.kind == "joined":
        captions = _joined(spec, base, reopen)
    elif spec.kind == OTHER_CAPTION:
        captions = _numbered(spec, base, spec.number - 1, reopen)
    elif spec.kind == "column":
        options: dict[str, object] = {**base.record.options}
        options["caption_column"] = str(spec.amount)
        captions = _reopened(spec, base, options, reopen)
    elif spec.kind == "first":
        captions = [" ".join(text.split()[: spec.number]) for text in parent]
    elif spec.kind == "shuffled":
        captions = [_shuffled(text, i) for i, text in enumerate(parent)]
    elif spec.kind == "mixed":
        captions = _mixed(parent)
    elif spec.kind == "summary":
        raise CaptionSetError(f"{spec.name}: summaries are written by a model: --writer")
    return with_captions(spec, base, captions)


def with_captions(spec: SetSpec, base: Dataset, captions: Sequence[str]) -> CaptionSet:
    """Put captions to a dataset's images, under an id of their own.

    Raises:
        MissingCaptionError: their number differs from the images', or one is empty.
    """
    if len(captions) != len(base):
        raise MissingCaptionError(
            f"Caption set {spec.name!r} of {base.record.id!r} has {len(captions)} captions for "
            f"{len(base)} images."
        )
    for sample, caption in zip(base.sample_ids, captions, strict=True):
        if not caption.strip():
            raise MissingCaptionError(
                f"Caption set {spec.name!r} of {base.record.id!r}: the caption of {sample} is "
                "empty."
            )
    dataset = base if spec.kind == OWN else replace(base, record=_record(spec, base.record),
                                                      captions=tuple(captions))  # fmt: skip
    return CaptionSet(spec, dataset, base.record.id)


def variant_id(base_id: str, spec: SetSpec) -> str:
    """Return the id of a variant of a dataset."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", spec.name).strip("-")
    if not spec.name.isascii() or len(slug) > _LONGEST_SLUG:
        # What is dropped or cut tells one set from another, and an id is part of files' names.
        digest = hashlib.sha256(spec.name.encode("utf-8", "backslashreplace")).hexdigest()
        slug = f"{slug[:_LONGEST_SLUG]}-{digest[:12]}".strip("-")
    return f"{base_id}.{slug}"


def _record(spec: SetSpec, base: DatasetRecord) -> DatasetRecord:
    return base.model_copy(
        update={"id": variant_id(base.id, spec), "title": f"{base.title}: {title_of(spec)}"}
    )


def title_of(spec: SetSpec) -> str:
    """Name a set for readers."""
    of = "" if spec.parent in (None, OWN) else f" of {title_of(parse_set(spec.parent))}"
    number = spec.amount
    return {
        "own": "its own captions",
        "joined": f"{number} caption{'s' if number != '1' else ''} joined",
        "caption": f"caption {number} of each image",
        "column": str(number).replace("_", " "),
        "first": f"first {number} word{'s' if number != '1' else ''}{of}",
        "shuffled": f"words shuffled{of}",
        "mixed": f"words of other captions, as many{of}",
        "summary": f"summary in {number} words{of}",
        "pixels": f"pictures of {number} pixels",
        "blur": f"pictures blurred by {number}",
        "gray": "pictures without color",
        "mirror": "pictures mirrored",
        "frame": f"frame {number} of each item",
        "crop": f"middle {number} % of each side of the pictures",
    }[spec.kind]


def _joined(spec: SetSpec, base: Dataset, reopen: Reopen) -> list[str]:
    """Join the first captions of each image, as its dataset numbers them."""
    parts = [_numbered(spec, base, index, reopen) for index in range(spec.number)]
    return [" ".join(text.strip() for text in texts) for texts in zip(*parts, strict=True)]


def caption_index(record: DatasetRecord) -> int:
    """Return which of an image's captions, from 0, is the dataset's own.

    Raises:
        DatasetError: the record says it by what is no number.
    """
    where = record.options.get("where")
    by_row = where.get("caption_index") if isinstance(where, dict) else None
    number = str(by_row if by_row is not None else record.options.get("caption_index", 0))
    if not number.isdecimal() or len(number) > 9:
        raise DatasetError(
            f"Dataset {record.id!r}: caption_index should be a number from 0; got {number[:60]!r}."
        )
    return int(number)


def _numbered(spec: SetSpec, base: Dataset, index: int, reopen: Reopen) -> Sequence[str]:
    """Read one caption of each image, by its number from 0."""
    options: dict[str, object] = dict(base.record.options)
    where = options.get("where")
    if isinstance(where, dict) and "caption_index" in where:
        options["where"] = {**where, "caption_index": index}
    else:
        options["caption_index"] = index
    return _reopened(spec, base, options, reopen)


def _reopened(
    spec: SetSpec, base: Dataset, options: dict[str, object], reopen: Reopen
) -> Sequence[str]:
    return _opened(spec, base, options, reopen).captions


def _opened(spec: SetSpec, base: Dataset, options: dict[str, object], reopen: Reopen) -> Dataset:
    """Open the dataset's record with other options; its samples must be the same."""
    record = base.record.model_copy(update={"options": options})
    try:
        other = reopen(record)
    except MissingCaptionError as error:
        raise MissingCaptionError(f"Caption set {spec.name!r}: {error}") from error
    except DatasetError as error:
        raise CaptionSetError(f"Caption set {spec.name!r}: {error}") from error
    if other.sample_ids != base.sample_ids:
        raise CaptionSetError(
            f"Caption set {spec.name!r} of {base.record.id!r} does not hold the same images in "
            f"the same order ({len(other)} and {len(base)})."
        )
    return other


def _framed(spec: SetSpec, base: Dataset, reopen: Reopen) -> CaptionSet:
    """Look at another frame of each item."""
    if "frame_index" not in base.record.options:
        raise CaptionSetError(
            f"{spec.name}: dataset {base.record.id!r} has no option frame_index, so its items have "
            "one image each"
        )
    options: dict[str, object] = {**base.record.options, "frame_index": spec.number - 1}
    other = _opened(spec, base, options, reopen)
    dataset = replace(
        base, record=_record(spec, base.record), image_refs=other.image_refs,
        image_hashes=other.image_hashes, reader=other.reader,
    )  # fmt: skip
    return CaptionSet(spec, dataset, base.record.id)


def _shuffled(text: str, row: int) -> str:
    words = text.split()
    order = np.random.default_rng([SEED, row]).permutation(len(words))
    return " ".join(words[i] for i in order)


def _mixed(texts: Sequence[str]) -> list[str]:
    """Deal all captions' words out again: the lengths stay, what they say is gone."""
    lengths = [len(text.split()) for text in texts]
    words = np.array(" ".join(texts).split())
    dealt = np.random.default_rng(SEED).permutation(words)
    ends = np.cumsum(lengths)
    return [" ".join(dealt[e - n : e]) for n, e in zip(lengths, ends.tolist(), strict=True)]


def _changed(spec: SetSpec, base: Dataset, i: int) -> Image.Image:
    picture = base.image(i)
    if spec.kind == "gray":
        return picture.convert("L").convert("RGB")
    if spec.kind == "blur":
        return picture.filter(ImageFilter.GaussianBlur(spec.number))
    if spec.kind == "mirror":
        return ImageOps.mirror(picture)
    if spec.kind == "crop":
        return _middle(picture, spec.number / 100)
    side = spec.number
    small = picture.resize((side, side), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.BILINEAR)


def _pictured(spec: SetSpec, base: Dataset) -> CaptionSet:
    changed = partial(_changed, spec, base)
    hashes = [
        hashlib.sha256(f"{digest}:{spec.name}".encode()).hexdigest() for digest in base.image_hashes
    ]
    dataset = replace(base, record=_record(spec, base.record), image_hashes=hashes, reader=changed)
    return CaptionSet(spec, dataset, base.record.id)


def _middle(picture: Image.Image, share: float) -> Image.Image:
    """Cut the middle out, a share of each side, at the size of the whole."""
    width, height = picture.size
    left, top = width * (1 - share) / 2, height * (1 - share) / 2
    box = (left, top, width - left, height - top)
    return picture.resize(picture.size, Image.Resampling.BICUBIC, box=box)
