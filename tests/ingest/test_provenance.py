"""What a run says of itself."""

import pytest

from ingest.pipeline import provenance


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["/usr/local/bin/prh", "demo"], "prh demo"),
        (["/src/cli/main.py", "demo", "--data", "/home/me/out"], "prh demo --data out"),
        (["-m", "score", "--dataset", "my set"], "prh score --dataset 'my set'"),
    ],
)  # fmt: skip
def test_a_command_reads_as_a_reader_would_type_it(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], told: str
) -> None:
    monkeypatch.setattr("sys.argv", typed)
    assert provenance.command() == told
