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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("cannot read /home/me/data/a.png: truncated", "cannot read a.png: truncated"),
        ("a: '/srv/x y/b.csv' is none; c", "a: 'x y/b.csv' is none; c"),
        ("got ~/secret/models/m.safetensors", "got m.safetensors"),
        (r"no C:\Users\me\x.npz, or \\host\share\y", "no x.npz, or y"),
        ("expected 3 / 4 of n/a, and/or https://a.example/b/c", None),
        ("the part /mnt/parts/scores/k.parquet is damaged", "the part k.parquet is damaged"),
        ("layers blocks.0/attn and text/a", None),
    ],
)
def test_a_message_names_no_folder(said: str, told: str | None) -> None:
    assert provenance.without_folders(said) == (said if told is None else told)
