"""`prh color`: how models and pictures arrange colors."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.catalog import load_catalog
from ingest.cli.options import Data, Device, Dtype, NoPublish, takes
from ingest.cli.paths import local_file, local_text
from ingest.cli.work import recorded, workspace
from ingest.errors import DatasetError
from ingest.experiments.color.words import shipped_words, words_of
from ingest.extract import ingest_half
from ingest.pipeline.options import ModelOptions
from prh_core.color_cooccurrence import PAIRS, RADIUS
from prh_core.mds import STARTS


@takes()
def color(
    options: ModelOptions,
    words: Annotated[
        Path | None,
        typer.Option(
            "--words",
            parser=local_file,
            metavar="PATH",
            help="CSV of color words: word, L, a, b (CIELAB), and count where uses are known; a "
            "word on several lines is one naming a line. [default: 20 of the XKCD survey]",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        list[str] | None,
        typer.Option(
            "--pictures",
            help="Pictures whose pixels are counted: a folder, a .zip, a task or dataset of the "
            "catalog, or package:scikit-learn (two photographs); repeatable.",
        ),
    ] = None,
    shrink: Annotated[
        int | None,
        typer.Option(
            "--shrink", min=8, help="Bring pictures' shorter side to so many pixels first."
        ),
    ] = None,
    grid: Annotated[
        int, typer.Option("--grid", min=2, max=16, help="Cells of RGB per channel.")
    ] = 4,
    radius: Annotated[
        int, typer.Option("--radius", min=1, help="Pixels apart, at most, that are together.")
    ] = RADIUS,
    pairs: Annotated[
        int, typer.Option("--pixel-pairs", min=1000, help="Pairs of pixels to draw.")
    ] = PAIRS,
    minimum: Annotated[
        int,
        typer.Option(
            "--minimum",
            min=1,
            help="Pairs of colors counted less often, in either order, are as far apart as the "
            "farthest counted.",
        ),
    ] = 1,
    least: Annotated[
        float,
        typer.Option(
            "--least", min=0, max=0.5, help="Colors with a smaller share of the pixels: left out."
        ),
    ] = 0.002,
    starts: Annotated[
        int, typer.Option("--starts", min=1, help="Random starts of metric MDS.")
    ] = STARTS,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of pixels, starts and shuffles.")] = 0,
    device: Device = "auto",
    dtype: Dtype = "auto",
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Lay out colors by language models (--models) and by pictures, and compare with CIELAB.

    Language: three sentences a word, embeddings averaged, Euclidean distances. Pictures: how often
    colors stand within --radius pixels, as pointwise mutual information (PMI), whose largest less
    a pair's is the pair's distance. Both are laid out in three dimensions by metric MDS and brought
    onto CIELAB by rotation, scale and mirror image (Kabsch and Umeyama). What is done already is
    skipped. Ask
    `FROM color_agreement`; the page is "Is it color-deep?".
    """
    if options.panel is None and not options.models and not pictures:
        raise DatasetError(
            "name language models (--models or --panel) or pictures (--pictures), or both"
        )
    with ingest_half("Color"):
        from ingest.experiments.color.cooccurrence import lay_out_pictures, picture_unit
        from ingest.experiments.color.layouts import Choices
        from ingest.experiments.color.pictures import open_pictures
        from ingest.experiments.color.word_embeddings import language_units, lay_out_words

    where = workspace(data)
    catalog = load_catalog(options.catalogs)
    chosen = options.chosen(catalog) if options.panel or options.models else ()
    chosen = [r for r in chosen if r.modality == "language" or r.id in options.models]
    table = shipped_words() if words is None else words_of(words)
    choices = Choices(grid, radius, pairs, minimum, least, starts, seed)
    units = language_units(chosen, table, choices)
    with recorded(where, "Layouts", no_publish=no_publish) as (run, progress):
        for source in map(local_text, pictures or []):
            opened = open_pictures(source, catalog, progress, shrink=shrink, cache=where.cache)
            lay_out_pictures(run, picture_unit(opened, choices), choices, progress)
        lay_out_words(run, units, table, choices, progress, device=device, dtype=dtype)
