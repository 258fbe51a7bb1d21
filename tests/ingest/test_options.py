"""Options are declared once: a record's fields and the command line's options are the same."""

from dataclasses import fields
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ingest.cli.options import OPTIONS, NoPublish, takes
from ingest.pipeline.options import ExtractOptions, ExtraScores, ScoreOptions, StudyOptions

RECORDS = (StudyOptions, ScoreOptions, ExtraScores, ExtractOptions)


def test_every_option_is_one_field() -> None:
    names = [field.name for record in RECORDS for field in fields(record)]
    assert sorted(names) == sorted(OPTIONS)


def taken(words: str) -> dict[str, Any]:
    """Return the records that a command of all options receives."""
    received: dict[str, Any] = {}

    @takes(without=["device"], defaults={"dataset": "emoji"})
    def command(
        study: StudyOptions,
        scoring: ScoreOptions,
        extra: ExtraScores,
        extraction: ExtractOptions,
        no_publish: NoPublish = False,
    ) -> None:
        received.update(
            study=study, scoring=scoring, extra=extra, extraction=extraction, no_publish=no_publish
        )

    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, words.split())
    received["code"], received["output"] = done.exit_code, done.output
    return received


def test_a_command_without_options_receives_the_defaults() -> None:
    received = taken("")
    assert (received["study"], received["scoring"]) == (
        StudyOptions(dataset="emoji"),
        ScoreOptions(),
    )
    assert (received["extra"], received["extraction"]) == (ExtraScores(), ExtractOptions())
    assert received["no_publish"] is False


@pytest.mark.parametrize(
    ("words", "record", "field", "value"),
    [
        ("--models a,,b", "study", "models", ("a", "b")),
        ("--k 3 --k 4", "scoring", "ks", (3, 4)),
        ("--seed 7", "scoring", "seed", 7),
        ("--batch 64,128,64", "extra", "batches", (64, 128)),
        ("--batch-size 2", "extraction", "batch_size", 2),
    ],
)
def test_an_option_reaches_its_record(words: str, record: str, field: str, value: object) -> None:
    assert getattr(taken(words)[record], field) == value


def test_options_left_out_or_malformed_are_refused() -> None:
    assert taken("--device cpu")["code"] == 2
    refused = taken("--batch few")
    assert refused["code"] == 2 and "numbers of samples separated by commas" in refused["output"]
