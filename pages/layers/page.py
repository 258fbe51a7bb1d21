"""Which layers: where in two models the agreement sits."""

import polars as pl

from pages.layers import chart, finding, queries, text
from pages.ui import queries as shared
from pages.ui import shell
from pages.ui import text as words
from pages.ui.plain import plain
from pages.ui.reference import held_against
from pages.ui.settings import choose_setting
from pages.ui.shell import Frame, Nothing


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    settings = shared.settings().frame.filter(~pl.col("published"))
    if settings.is_empty():
        raise Nothing
    setting = choose_setting(frame, settings, in_view=("dataset",))
    with frame.row:
        # Strongest pair first: that is where a reader wants to look.
        pairs = shared.alignment(setting, concatenated=True, untrained=True).frame
        language = frame.choose(
            "Language model", _names(pairs, "language_label"), key="language", width=165
        )
        pairs = pairs.filter(pl.col("language_label") == language)
        vision = frame.choose(
            "Vision model", _names(pairs, "vision_label"), key="vision", width=165
        )
        pair = pairs.filter(pl.col("vision_label") == vision).row(0, named=True)
        view = frame.view(["All pairs of layers", "By depth"])

    measured = shared.measured(setting).frame.row(0, named=True)
    measure = words.name_metric(measured)
    whole = queries.layers(setting, unit_key=pair["unit_key"])
    found = finding.find(pair, whole.frame, metric=measure, samples=measured["n"])
    frame.answer(found, note=measured["note"])
    if view == "By depth":
        answer = queries.depth(setting, unit_key=pair["unit_key"])
        drawing = chart.depth_curve(
            answer.frame, measure=measure, reference=held_against(answer.frame)
        )
    else:
        answer = whole
        drawing = chart.layer_map(
            answer.frame,
            language=language,
            vision=vision,
            measure=measure,
            higher_is_closer=measured["higher_is_closer"],
            q_value=pair["q_value"],
        )
    frame.figure(
        drawing,
        answer,
        title=f"{language} and {vision}, layer by layer",
        measured=words.describe_measured(measured, f"{plain(language)} × {plain(vision)}"),
        about={
            **words.about(setting, measured), "language model": language, "vision model": vision,
        },
        view=view,
        alt_text=f"{measure} of each layer of {language} with each layer of {vision}.",
    )  # fmt: skip
    frame.explain(
        text.describe_best(pair, view)
        + words.describe_ties(pairs.filter(pl.col("vision_label") == vision))
        + text.describe_self_agreement(
            queries.self_agreement(
                setting, language_model=pair["language_model"], vision_model=pair["vision_model"]
            ).frame
        )
    )


def _names(pairs: pl.DataFrame, column: str) -> list[str]:
    return pairs[column].unique(maintain_order=True).to_list()


shell.show("layers", draw)
