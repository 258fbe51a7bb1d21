"""What stands before the server: readiness, a log of requests, addresses a level too deep."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ingest.cli.middleware import AccessLog, PagesOneLevelDeep, Readiness

DEAD = b"passed"


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": DEAD})


def _get(
    app: Any, path: str, *, accept: bytes = b"text/html", query: bytes = b"", kind: str = "http"
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a request."""
    heard: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        heard.append(message)

    scope = {
        "type": kind, "path": path, "query_string": query, "method": "GET",
        "headers": [(b"accept", accept)],
    }  # fmt: skip
    # In a thread: a browser of another test may run a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, app(scope, receive, send)).result()
    if not heard:
        return 0, {}, b""
    headers = {name.decode(): value.decode() for name, value in heard[0]["headers"]}
    return heard[0]["status"], headers, b"".join(part.get("body", b"") for part in heard[1:])


def test_it_is_ready_where_the_warehouse_can_be_asked(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Readiness(_app)
    monkeypatch.setenv("PRH_DATA", str(world))
    status, _, body = _get(app, "/ready")
    assert status == 200 and json.loads(body)["ready"]
    for content, problem in ((None, "no warehouse"), (b"no database", "damaged")):
        if content is not None:
            (tmp_path / "results.duckdb").write_bytes(content)
        monkeypatch.setenv("PRH_DATA", str(tmp_path))
        status, headers, body = _get(app, "/ready")
        told = json.loads(body)
        assert status == 503 and not told["ready"] and problem in told["problem"]
        assert headers["cache-control"] == "no-store" and str(tmp_path) not in body.decode()
    assert _get(app, "/ready/more")[2] == DEAD and _get(app, "/")[2] == DEAD


def test_a_request_is_a_line_without_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    app = AccessLog(_app)
    assert _get(app, "/ask_in_sql", query=b"sql=SELECT+secret")[2] == DEAD
    _get(app, "/_stcore/stream", kind="websocket")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["path"], first["status"], first["kind"]) == ("/ask_in_sql", 418, "http")
    assert first["ms"] >= 0 and "secret" not in json.dumps(first)
    assert second["kind"] == "websocket" and second["status"] is None


def test_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    _get(AccessLog(_app), "/a\nb\x1b[31m" + "x" * 999)
    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line and len(line) < 400


@pytest.mark.parametrize(
    ("path", "accept", "leads"),
    [
        ("/which_layers/by/depth", b"text/html", "/which_layers?k=5"),
        ("/which_layers", b"text/html", None),
        ("/which_layers/main.js", b"*/*", None),
        ("/_stcore/health/x", b"text/html", None),
    ],
)
def test_a_page_is_one_level_deep(path: str, accept: bytes, leads: str | None) -> None:
    status, headers, body = _get(PagesOneLevelDeep(_app), path, accept=accept, query=b"k=5")
    if leads is None:
        assert body == DEAD
    else:
        assert status == 307 and headers["location"] == leads
