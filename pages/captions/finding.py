"""Whether captions that say more align better: the answer of the page."""

import polars as pl

from pages.captions import queries
from pages.captions.text import name_metric
from pages.ui.findings import Contrast, Finding, density


def find(study: queries.CaptionStudy | None = None) -> Finding | None:
    """Answer by what each caption set scores beyond the next shorter one; None without a study.

    Args:
        study: a dataset and a setting; None takes the one with most variants.
    """
    if study is None:
        studies = queries.caption_studies().frame
        if studies.is_empty():
            return None
        study = queries.CaptionStudy.of(studies.row(0, named=True))
    gains = queries.caption_gains(study).frame.filter("overall", ~pl.col("pictures"))
    shown = gains.filter(pl.col("adjacent") | pl.col("control"))
    sets = queries.caption_sets(study.base_id, study.row_order).frame
    compared = {*shown["from_set"], *shown["to_set"]}
    told = sets.filter(~pl.col("control"), pl.col("caption_set").is_in(list(compared)))
    repeats = told.sort("distinct_captions").head(1).to_dicts()
    return density(
        contrasts=[
            Contrast(
                row["to_set"], row["from_set"], row["words_more"], row["difference"],
                row["interval_low"], row["interval_high"], row["control"], row["kind"] == "mixed",
            )
            for row in shown.iter_rows(named=True)
        ],
        language_models=int(shown["language_models"].max() or 0),  # type: ignore[arg-type]
        vision_models=int(shown["vision_models"].max() or 0),  # type: ignore[arg-type]
        samples=repeats[0]["n"] if repeats else None,
        distinct=repeats[0]["distinct_captions"] if repeats else None,
        repeated=repeats[0]["caption_set"] if repeats else "",
        metric=name_metric(study),
    )  # fmt: skip
