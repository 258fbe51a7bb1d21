"""The door of the command line: what a user can put right is one sentence; data is never markup."""

import contextlib
import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.cli import console, failures, results
from ingest.cli.console import TerminalProgress, literal, table
from ingest.cli.main import main
from ingest.cli.work import workspace
from ingest.pipeline.run import Run
from ingest.store.workspace import Workspace
from prh_core.errors import PRHError
from tests.ingest.command import Finished, arguments, environment, prh

ODD = [
    "a [photo] of a bar", "[/INST] it", "[/v1]", ":smile: [bold red]x[/]", "[link=x]y", "\\[x]",
    "half a \ud83e", "日本 é", "{task.fields[x]} {0} %s",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_text_is_printed_as_it_is(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = text.encode("utf-8", "backslashreplace").decode()
    console.make_printable()

    def printed() -> str:
        return "".join(capsys.readouterr()).encode("utf-8", "backslashreplace").decode()

    capsys.readouterr()
    table(text, [text, "b"], [(text, 1), ("x", None)])
    with TerminalProgress() as progress:
        progress.note(text)
        progress.start(text, 2)
        progress.advance(2)
        progress.done()
    failures.say(text)
    try:
        told = printed()
    except UnicodeEncodeError:
        pytest.fail("it was not printable")
    assert told.count(shown) == 6


def test_bars_are_drawn_of_any_title() -> None:
    told = io.StringIO()
    on = console.Console(file=told, force_terminal=True, width=120, markup=False, emoji=False)
    with TerminalProgress(on) as progress:
        progress.start("[1/2] Odd [/x] :smile:", 2)
        progress._bars.refresh()
    assert "[1/2] Odd [/x] :smile:" in told.getvalue()


def test_control_characters_reach_no_terminal() -> None:
    assert literal("a\x1b[2Jb\tc\nd\x9b").plain == "a\\x1b[2Jb\tc\nd\\x9b"


@pytest.mark.parametrize(
    "words",
    [("--help",), ("metrics",), ("metrics", "--format", "json"), ("catalog", "datasets"),
     ("sql", "SELECT '日本 – 🏛' AS \"–\""), ("sql", "SELECT '日本 🏛' AS a", "--format", "json"),
     ("sql", "SELECT '日本' AS a", "--format", "csv"), ("sql", "é–"), ("nosuch–",)],
)  # fmt: skip
def test_an_ascii_terminal_is_enough(
    words: tuple, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRH_DATA", str(world))
    monkeypatch.setattr(sys, "argv", ["prh", *words])
    told = io.BytesIO()
    terminal = io.TextIOWrapper(told, encoding="ascii", write_through=True)
    with (
        contextlib.redirect_stdout(terminal),
        contextlib.redirect_stderr(terminal),
        pytest.raises(SystemExit) as stop,
    ):
        main()
    assert stop.value.code == {"é–": 1, "nosuch–": 2}.get(words[-1], 0)
    text = told.getvalue().decode("ascii")
    assert text and "Traceback" not in text
    if words[0] == "sql" and words[-1] == "json":
        assert text == '[{"a":"\\u65e5\\u672c \\ud83c\\udfdb"}]\n'


# ------------------------------------------------------------- how a command ends


def _raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Finished:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(results, "answer", fails)
    return prh("sql", "SELECT 1")


@pytest.mark.parametrize(
    "number",
    [errno.EACCES, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EROFS, errno.EISDIR, errno.ENOSPC,
     errno.EMFILE, errno.ELOOP, errno.EIO],
)  # fmt: skip
def test_what_the_system_refuses_is_one_sentence(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _raising(OSError(number, os.strerror(number), "/there/[x]/file"), monkeypatch)
    reason = os.strerror(number)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"Error: cannot use /there/[x]/file: {reason[0].lower()}{reason[1:]}\n"
    done = _raising(OSError(number, os.strerror(number)), monkeypatch)
    assert done.returncode == 1 and done.stderr.count("\n") == 1


def test_text_that_is_none_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _raising(
        UnicodeEncodeError("utf-8", "\ud83e", 0, 1, "surrogates not allowed"), monkeypatch
    )
    assert done.returncode == 1 and "half a character" in done.stderr


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        _raising(ZeroDivisionError(), monkeypatch)


def test_ctrl_c_says_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    done = _raising(KeyboardInterrupt(), monkeypatch)
    assert done.returncode == 130
    assert done.stderr == "Stopped. What was finished is stored; the same command resumes.\n"


@pytest.mark.parametrize(("words", "code"), [((), 2), (("nosuch",), 2), (("--help",), 0)])
def test_usage_keeps_its_codes(words: tuple, code: int) -> None:
    assert prh(*words).returncode == code


def test_a_pipe_that_nobody_reads_is_silent(world: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        arguments("sql", "FROM range(100000)", "--format", "csv", "--data", world),
        env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode in (1, 141) and done.stderr == b""


# ---------------------------------------------------------------- the data folder


@pytest.mark.parametrize("command", [("sql", "SELECT 1"), ("publish",), ("status",), ("demo",)])
def test_a_data_folder_that_is_none_is_named(tmp_path: Path, command: tuple) -> None:
    file = tmp_path / "file"
    file.touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for wrong in (file, file / "below", tmp_path / "loop", tmp_path / "a?b", tmp_path / "a\\b"):
        done = prh(*command, "--data", wrong)
        assert done.returncode == 1, wrong
        assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1, wrong
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


def test_a_folder_that_cannot_be_written_is_named(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write anywhere, so the refusal of a read-only file system is stood in for."""

    def refuses(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(world / "x.tmp"))

    monkeypatch.setattr("ingest.store.atomic.Path.mkdir", refuses)
    where = Workspace(world)
    sentence = f"the data folder {world} cannot be written: read-only file system"
    with pytest.raises(PRHError, match=sentence):
        where.warehouse.publish()
    with pytest.raises(PRHError, match=sentence), Run(where):
        pytest.fail("it began")
    assert prh("sql", "SELECT 1", "--data", world).returncode == 0


def test_a_home_of_any_name_is_one(tmp_path: Path) -> None:
    home = tmp_path / "a [x]* 'b' \"c\" %20 日本 {d,e} $f"
    home.mkdir()
    assert workspace(home).home == home
