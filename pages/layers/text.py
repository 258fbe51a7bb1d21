"""What a model scores with itself, in words."""

import polars as pl


def describe_self_agreement(frame: pl.DataFrame) -> str:
    """Say what two models score with themselves, seen again and by halves, and what that bounds.

    Args:
        frame: answer of `queries.self_agreement`.
    """
    listed: list[str] = []
    for (label,), rows in frame.group_by("label", maintain_order=True):
        known = rows.drop_nulls("noise_ceiling").select("noise_ceiling", "second_view").rows()
        views = [f"{ceiling:.4f} ({view})" for ceiling, view in known]
        listed.append(f"{label} {', '.join(views) if views else 'not known'}")
    if not listed:
        return ""
    if frame["noise_ceiling"].is_null().all():
        means = (
            "It would be what a model scores with itself, shown a second view of the same samples; "
            "`prh run --noise-ceiling` measures it where there is one."
        )
    else:
        means = (
            "That is what a model scores with itself, shown a second view of the same samples, "
            "best pair of layers: how much agreement survives a change of view. It bounds the "
            "expected score with a model that has the same signal and as much noise. With a model "
            "of less noise, or one that saw the very same view, it can score closer; a view that "
            "changes little bounds little."
        )
    return f"\n\n**Noise ceiling:** {'; '.join(listed)}. {means}" + _describe_halves(frame)


def _describe_halves(frame: pl.DataFrame) -> str:
    known = frame.drop_nulls("split_half_agreement").unique("label", maintain_order=True)
    if known.is_empty():
        return ""
    listed = "; ".join(
        f"{row['label']} {row['split_half_agreement']:.4f}" for row in known.iter_rows(named=True)
    )
    return (
        f"\n\n**Split-half agreement:** {listed}: two random halves of a layer's dimensions with "
        f"each other, best layer, mean of {known['splits'][0]} splits. It says how redundant the "
        "dimensions are and bounds no other model: a rotated copy agrees perfectly (truncation "
        "apart), whatever the halves do."
    )
