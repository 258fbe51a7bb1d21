"""Options of commands, each declared once, and how a command takes a record of them whole."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from ingest.cli.paths import folder_here, local_file, warehouse_folder
from prh_core.curves import Fixed

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        parser=folder_here,
        metavar="PATH",
        help="Data folder; PRH_DATA sets the default.",
        show_default=False,
    ),
]
ShownData = Annotated[
    Path | None,
    typer.Option(
        "--data",
        parser=warehouse_folder,
        metavar="PATH",
        help="Data folder, or hf://datasets/OWNER/NAME, whose warehouse is downloaded; PRH_DATA "
        "sets the default.",
        show_default=False,
    ),
]
DatasetId = Annotated[str, typer.Option("--dataset", help="A dataset of `prh catalog datasets`.")]
Panel = Annotated[
    str | None, typer.Option("--panel", help="A panel of `prh catalog panels`: a list of models.")
]
Models = Annotated[
    str, typer.Option("--models", help="Models by id, separated by commas; adds to --panel.")
]
Catalogs = Annotated[
    list[Path] | None,
    typer.Option(
        "--catalog",
        parser=local_file,
        metavar="PATH",
        help="A TOML file with records of your own; may be repeated.",
    ),
]
FeatureFiles = Annotated[
    list[Path],
    typer.Argument(
        parser=local_file,
        help="Of one model, in depth order: .safetensors, .npy, .npz, .parquet or .h5; here, "
        "or at hf://datasets/OWNER/NAME/FILE.",
    ),
]
OwnModality = Annotated[
    str,
    typer.Option(
        "--modality", help="What it looks at: vision, language, or any short name: audio."
    ),
]
OwnLabel = Annotated[
    str | None, typer.Option("--label", help="Its name in charts. [default: the id]")
]
IdsBeside = Annotated[
    Path | None,
    typer.Option(
        "--ids",
        parser=local_file,
        metavar="PATH",
        help="Sample ids of the rows: .txt one a line, .csv, .jsonl or .parquet with a column "
        "id, .npy. [default: an array or column ids, id or sample_id of the files]",
    ),
]
Poolings = Annotated[
    list[str] | None,
    typer.Option(
        "--pooling",
        help="A pooling of `prh catalog poolings`: of captions (mean, last, first, caption, "
        "suffix) or of images (cls, gap, max, flat, attention); may be repeated. [default: mean, "
        "and each vision model's own]",
    ),
]
Prompts = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        help="What stands around a caption, of `prh catalog prompts` (none, paper, picture, hear); "
        "may be repeated. [default: none]",
    ),
]
SkipCorrupt = Annotated[
    bool,
    typer.Option(
        "--skip-corrupt",
        help="Leave corrupt images (or sounds) out, for every model alike, and record it.",
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]
Devices = Annotated[
    str,
    typer.Option(
        "--device",
        help="auto, cpu, cuda, cuda:1 or mps. Several separated by commas (cuda:0,cuda:1), or all, "
        "every CUDA card, run a model each side by side, in a worker process per device; what is "
        "no extraction runs on the first.",
    ),
]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        help="Precision of every network of the study: float32, bfloat16, float16, or auto, which "
        "goes on in what is stored of it and else takes bfloat16 on CUDA (float16 where it cannot) "
        "and float32 elsewhere. Pooling is in float32.",
    ),
]
Store = Annotated[
    str,
    typer.Option(
        "--store",
        help="Number format of feature files: float32, or float16, half the space at 11 bits a "
        "number (layers are scaled first, so that nothing overflows). Two are never mixed.",
    ),
]
StoredDtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        help="Precision of the features taken: float32, bfloat16, float16, or auto, the one that "
        "is stored. Two are never mixed.",
    ),
]
Batch = Annotated[
    int | None, typer.Option("--batch-size", min=1, help="Most inputs a batch; halved when full.")
]
CaptionBits = Annotated[
    bool,
    typer.Option(
        "--caption-bits",
        help="Score language models on the captions in the same pass, in bits per byte, wherever "
        "features are extracted anew.",
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", help="A metric of `prh metrics`, or all; may be repeated."),
]
Ks = Annotated[list[int] | None, typer.Option("--k", help="Neighbors per sample; repeatable.")]
Permutations = Annotated[
    int,
    typer.Option(
        "--permutations",
        min=0,
        help="Relabeled tables each score is calibrated against; 0 leaves scores raw.",
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, help="Of the permutations, the intervals and the batches.")
]
Sigma = Annotated[
    float | None,
    typer.Option("--sigma", help="Bandwidth of cka_rbf; by default the metric chooses one."),
]
Ns = Annotated[
    list[int] | None,
    typer.Option(
        "--n",
        help="Score the first n samples of one random order, too; repeatable. Always: all samples.",
    ),
]
KeptFixed = Annotated[
    Fixed,
    typer.Option("--fixed", help="What stays as n changes: k, or k/n. --k is that of all samples."),
]
Pairs = Annotated[
    str,
    typer.Option(
        "--pairs",
        help="Which models are compared: of two modalities (language-vision, audio-language), of "
        "one (vision: each with each; language: captions pooled and prompted alike), within (each "
        "of those here), or all. auto: across modalities, within one where there is no other.",
    ),
]
NoiseCeiling = Annotated[
    bool,
    typer.Option(
        "--noise-ceiling",
        help="Score each model with itself, too, shown a second view of the same samples: another "
        "caption of each image where the dataset has one; the images mirrored, and the middle 90 % "
        "of their sides. `prh run` extracts these views, `prh score` takes those extracted.",
    ),
]
Batches = Annotated[
    str,
    typer.Option(
        "--batch",
        help="Score over batches, too: the samples in one random order (--seed), cut into disjoint "
        "batches of that many, the layer tables of all batches averaged, the best pair taken of "
        "the mean. Sizes separated by commas, e.g. 64,128: each larger than --k and at most half "
        "of the samples. No permutations, no intervals. Always: all samples at once.",
    ),
]
SplitHalf = Annotated[
    bool,
    typer.Option(
        "--split-half",
        help="Score the halves of each model's dimensions with each other, 10 random splits: how "
        "redundant they are, no ceiling of anything.",
    ),
]
ScoreDevice = Annotated[
    str,
    typer.Option(
        "--device", help="auto and cpu use numpy and numba; cuda, cuda:1 or mps go through torch."
    ),
]
Truncations = Annotated[
    list[str] | None, typer.Option("--truncation", help="Outliers: exact, mean or none.")
]
NoPublish = Annotated[
    bool, typer.Option("--no-publish", help="Leave the published warehouse as it is for now.")
]


OPTIONS: Mapping[str, Any] = {
    "dataset": DatasetId,
    "panel": Panel,
    "models": Models,
    "catalogs": Catalogs,
    "poolings": Poolings,
    "prompts": Prompts,
    "metrics": Metrics,
    "ks": Ks,
    "truncations": Truncations,
    "permutations": Permutations,
    "seed": Seed,
    "sigma": Sigma,
    "ns": Ns,
    "fixed": KeptFixed,
    "pairs": Pairs,
    "noise_ceiling": NoiseCeiling,
    "split_half": SplitHalf,
    "batches": Batches,
    "skip_corrupt": SkipCorrupt,
    "device": Devices,
    "dtype": Dtype,
    "store": Store,
    "batch_size": Batch,
    "caption_bits": CaptionBits,
}
"""The option of every field of the records in `ingest.pipeline.options`, in the order of --help."""


def ids(models: str) -> list[str]:
    """Return the ids of a list separated by commas."""
    return [name.strip() for name in models.split(",") if name.strip()]


def sizes(batch: str) -> list[int]:
    """Return the numbers of a list separated by commas."""
    try:
        return list(dict.fromkeys(int(size) for size in batch.split(",") if size.strip()))
    except ValueError:
        raise typer.BadParameter(
            f"--batch should be numbers of samples separated by commas, got {batch!r}"
        ) from None


SEPARATED: Mapping[str, Callable[[str], list[Any]]] = {"models": ids, "batches": sizes}
"""Lists that are one word of the command line; other lists repeat their option."""


def takes(
    *, without: Collection[str] = (), defaults: Mapping[str, Any] | None = None, **instead: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one flat option for every field of the records among its parameters.

    The parser sees the options of `OPTIONS`; the command receives the records.

    Args:
        without: fields that are no option of this command and keep their default.
        defaults: by field, where this command has another default than the record.
        instead: by field, another option than that of `OPTIONS`.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command).parameters
        records = {
            name: [field for field in fields(p.annotation) if field.name not in without]
            for name, p in own.items()
            if is_dataclass(p.annotation)
        }
        options = {
            field.name: inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=(defaults or {}).get(field.name, _default(field)),
                annotation=instead.get(field.name, OPTIONS[field.name]),
            )
            for taken in records.values()
            for field in taken
        }
        ordered = iter(sorted(options, key=list(OPTIONS).index))
        flat: list[inspect.Parameter] = []
        for name, parameter in own.items():
            if name in records:
                flat += [options[next(ordered)] for _ in records[name]]
            else:
                flat.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

        @wraps(command)
        def called(**values: Any) -> None:
            for name, taken in records.items():
                read = {field.name: _read(field.name, values.pop(field.name)) for field in taken}
                # An option that may be repeated and is absent has the record's default.
                values[name] = own[name].annotation(
                    **{field: value for field, value in read.items() if value not in (None, ())}
                )
            command(**values)

        vars(called)["__signature__"] = inspect.Signature(flat)
        return called

    return decorated


def _default(field: "Field[Any]") -> Any:
    if field.default is MISSING:
        return inspect.Parameter.empty
    if field.name in SEPARATED:
        return ""
    return (list(field.default) or None) if isinstance(field.default, tuple) else field.default


def _read(name: str, value: Any) -> Any:
    if name in SEPARATED:
        value = SEPARATED[name](value)
    return tuple(value) if isinstance(value, list) else value
