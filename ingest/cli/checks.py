"""`prh check-metrics`: whether a metric measures what it should."""

from typing import Annotated

import typer

from ingest.cli.options import Data, NoPublish
from ingest.cli.work import recorded, workspace
from ingest.extract import ingest_half


def check_metrics(
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", help="Repeatable. [default: all]", show_default=False),
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", min=2, help="Sets of networks, which an interval is over.")
    ] = 5,
    no_publish: NoPublish = False,
    data: Data = None,
) -> None:
    """Test every metric where the answer is known, on small networks trained here.

    Six tests after ReSi (Klabunde et al. 2024) on perceptrons that learn scikit-learn's digits:
    layers near each other in a network ought to be closer than far ones, networks trained alike
    (true or random labels, with or without a shortcut, with or without noise) closer than others,
    layers at like depths closer, and networks of like accuracy closer. A minute or two for each set
    of networks; what is done already is skipped. Ask `FROM checked_metrics`; the page is "Does the
    metric matter?".
    """
    with ingest_half("Checking metrics"):
        from ingest.experiments.checks.run import check, plan_checks

    where = workspace(data)
    units = plan_checks(metrics or [], repeats=repeats)
    with recorded(where, "Checks", no_publish=no_publish) as (run, progress):
        check(run, units, progress)
