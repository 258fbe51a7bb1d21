"""Do denser captions help: the same images under captions that say more or less (Fig. 9)."""

import polars as pl
import streamlit as st

from pages.captions import averages, chart, finding, pictures, queries, text
from pages.ui import frame as shared
from pages.ui import shell
from pages.ui.reference import RAW, held_against
from pages.ui.settings import choose_families
from pages.ui.shell import Frame, Nothing

_OVERALL = "mean over all vision models"
# The address of links from before the mean over all vision models was offered.
_EACH = "mean over language models"


def draw(frame: Frame) -> None:
    """Choose, ask, draw, explain."""
    studies, averaged = queries.caption_studies().frame, queries.averaged_studies().frame
    if studies.is_empty() and averaged.is_empty():
        made = queries.caption_made().frame["sets"].to_list()
        raise Nothing(text.describe_unscored(*made) if made else "")
    rows = {text.name_study(row): row for row in studies.iter_rows(named=True)}
    alone = {text.name_study(row): row for row in averaged.iter_rows(named=True)}
    alone = {name: row for name, row in alone.items() if name not in rows}
    with frame.row:
        chosen = frame.choose("Dataset", [*rows, *alone], key="dataset", width=330)
    if chosen in alone:
        study = queries.CaptionStudy.of(alone[chosen])
        averages.draw(frame, study, alone[chosen], alone=True)
        return
    row = rows[chosen]
    with frame.row:
        study = queries.CaptionStudy.of(row)
        means = queries.caption_means(study)
        known = text.list_known_amounts(means.frame, chart.AMOUNTS)
        amount = frame.choose("Density in", known, key="density", width=130)
        score = frame.choose("Score", text.list_scores(means.frame), key="score", width=210)
    with frame.options:
        seen = means.frame["vision_label"].unique(maintain_order=True).to_list()
        lines = frame.choose("Lines", [_OVERALL, _EACH, *seen], key="lines", width=250)

    answers = {_OVERALL: queries.caption_overall, _EACH: queries.caption_means}
    answer = answers.get(lines, queries.caption_density)(study)
    kept = answer.frame.filter(~pl.col("pictures"))
    if lines == _EACH:
        families = choose_families(frame, kept["vision_family"])
        kept = text.keep_families(kept, families)
    elif lines not in answers:
        kept = kept.filter(pl.col("vision_label") == lines)
    shown = text.choose_score(kept, score)
    if shown.drop_nulls(["alignment", amount]).is_empty():
        st.info(text.describe_nothing(means.frame, row))
        return
    found = finding.find(study)
    if found is not None:
        frame.answer(found, note=row["note"])
    measure = text.name_metric(study) + (f", {score}" if score != RAW else "")
    frame.figure(
        chart.density(
            shown,
            amount=amount,
            measure=measure,
            reference=held_against(kept, score),
            by="vision_label" if lines in answers else "language_label",
        ),
        answer,
        title=f"Alignment by how much captions say, {row['dataset']}",
        measured=[*text.describe_study(row), *text.describe_means(kept)],
        about=text.tell_about(row, score),
        view=f"by {amount}",
        alt_text=f"{measure} against {chart.AMOUNTS[amount].lower()}, {lines}.",
    )
    gains = queries.caption_gains(study)
    overall = gains.frame.filter("overall")
    sets = queries.caption_sets(study.base_id, study.row_order)
    frame.explain(text.describe_gains(overall, sets.frame))
    stepped = overall.filter(pl.col("adjacent") | pl.col("control") | pl.col("pictures"))
    frame.also(
        "What each set scores beyond the next shorter one", chart.gains(stepped), gains,
        "Paired differences of alignment over all trained vision models, with intervals.",
    )  # fmt: skip
    averages.draw(frame, study, row)
    warning = text.describe_repeats(sets.frame)
    if warning:
        st.caption(warning)
    st.markdown("**What one image's captions say**")
    place = frame.place("Image", row["n"], key="image")
    pictures.pick(
        queries.caption_pictures(study.base_id, study.row_order, place).frame,
        place,
        lambda picked: frame.move("image", picked),
    )
    examples = queries.caption_examples(study.base_id, study.row_order, place)
    if not examples.frame.is_empty():
        one, captions = st.columns((1, 3))
        with one:
            pictures.picture(examples.frame["sample_id"][0], examples.frame["image"][0])
        captions.markdown(text.quote_captions(examples.frame))
        shared.behind("Table and SQL: this image's captions", examples)
    shared.behind("Table and SQL: caption sets, who wrote them, and what a model was told", sets)


shell.show("captions", draw)
