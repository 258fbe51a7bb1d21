"""A small model hub on the loopback: one folder a repository, one commit each.

It speaks as much of the hub's protocol as downloading needs: `resolve` with the headers the client
reads (commit, etag, length), the file list, and the hub's own error codes. Dataset repositories,
which are written to as well, stand in `hub_datasets`.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.ingest.hub_datasets import Datasets

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def hub(root: Path, datasets: Datasets | None = None) -> Iterator[str]:
    """Serve root/<owner>/<name>/ as repositories of models; yield the endpoint's address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:  # noqa: N802 - the name is http.server's
            """Answer with headers alone."""
            self._answer(body=False)

        def do_GET(self) -> None:  # noqa: N802
            """Answer a request."""
            self._answer(body=True)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

        def _answer(self, body: bool) -> None:
            if datasets is not None and datasets.answer(self, body):
                return None
            parts = unquote(urlsplit(self.path).path).strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                return self._list(parts[2:], body)
            if len(parts) < 5 or parts[2] != "resolve":
                return self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
            repo, revision, name = root / parts[0] / parts[1], parts[3], "/".join(parts[4:])
            if not repo.is_dir():
                # The real hub hides whether a repository is absent or private.
                return self._send(401, b"", {"X-Error-Code": "RepoNotFound"}, body)
            if (repo / ".gated").exists():
                return self._send(403, b"", {"X-Error-Code": "GatedRepo"}, body)
            if revision not in ("main", COMMIT):
                return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"}, body)
            file = repo / name
            about = {"X-Repo-Commit": COMMIT}
            if not file.is_file():
                return self._send(404, b"", {**about, "X-Error-Code": "EntryNotFound"}, body)
            content = file.read_bytes()
            about["ETag"] = f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"'
            return self._send(200, content, about, body)

        def _list(self, parts: list[str], body: bool) -> None:
            repo = root / parts[0] / parts[1] if len(parts) > 1 else root / "none"
            if not repo.is_dir():
                return self._send(401, b"", {"X-Error-Code": "RepoNotFound"}, body)
            if len(parts) > 3 and parts[3] not in ("main", COMMIT):
                return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"}, body)
            files = [f for f in repo.rglob("*") if f.is_file()]
            about: object = {
                "id": "/".join(parts[:2]),
                "sha": COMMIT,
                "siblings": [{"rfilename": f.relative_to(repo).as_posix()} for f in files],
            }
            if "tree" in parts:
                about = [
                    {
                        "type": "file",
                        "path": f.relative_to(repo).as_posix(),
                        "size": f.stat().st_size,
                        "oid": hashlib.sha1(f.read_bytes(), usedforsecurity=False).hexdigest(),
                    }
                    for f in files
                ]
            return self._send(200, json.dumps(about).encode(), {"X-Repo-Commit": COMMIT}, body)

        def _send(self, status: int, content: bytes, about: dict[str, str], body: bool) -> None:
            self.send_response(status)
            for key, value in about.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
