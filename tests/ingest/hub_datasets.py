"""Dataset repositories of the hub's double: made, listed, written to and read from, with tokens.

It speaks what the hub's client asks for a push and a pull: `repos/create`, `validate-yaml`, the
repository's info, `tree`, `preupload`, Git LFS's batch and its upload, `commit`, and `resolve`,
which sends large files on to another address, as the hub does, and serves ranges.
"""

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

WRITER, READER = "hf_writer", "hf_reader"
"""Tokens: one may write, one may only read."""
_LARGE = (".safetensors", ".parquet", ".duckdb")
_RANGE = re.compile(r"bytes=(\d+)-")


@dataclass
class Repository:
    """One dataset repository: its commits, each a whole tree."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    head: str = ""

    def add(self, changed: dict[str, bytes]) -> str:
        """Commit files; return the commit."""
        tree = {**self.commits.get(self.head, {}), **changed}
        told = json.dumps({k: hashlib.sha256(v).hexdigest() for k, v in sorted(tree.items())})
        self.head = hashlib.sha1(f"{len(self.commits)} {told}".encode()).hexdigest()
        self.commits[self.head] = tree
        return self.head

    @property
    def files(self) -> dict[str, bytes]:
        """The files of its main branch."""
        return self.commits[self.head]


@dataclass
class Datasets:
    """All of them, what was asked, and what is to go wrong."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    """Large contents by SHA-256, committed or not."""
    asked: list[str] = field(default_factory=list)
    """Method and path of every request."""
    sent: list[tuple[str, int]] = field(default_factory=list)
    """Path of every content sent, and from which byte on."""
    damage: dict[str, bytes] = field(default_factory=dict)
    """Path in a repository -> what is sent instead."""
    cut: dict[str, int] = field(default_factory=dict)
    """Path -> bytes after which the next answer ends."""
    slow: float = 0.0
    """Seconds before every 64 kB of an answer or upload."""
    tokens: tuple[str, ...] = (WRITER, READER)
    refuses: str = ""
    """Why no commit is taken."""
    full: bool = False
    """Whether uploads get lost: the hub says that they came, and lists other hashes."""

    def uploads(self) -> int:
        """Count contents sent."""
        return sum(line.startswith("PUT ") for line in self.asked)

    def answer(self, request: BaseHTTPRequestHandler, body: bool) -> bool:
        """Answer what is asked of dataset repositories; say whether it was."""
        path = unquote(urlsplit(request.path).path).strip("/")
        parts = path.split("/")
        self.asked.append(f"{request.command} {path}")
        given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        length = int(request.headers.get("Content-Length") or 0)
        if request.command == "PUT":
            return self._put(request, parts, length)
        sent = _received(request, length)
        reply = _Reply(request, body)
        assert not (given and parts[0] == "large"), "another host was told the token"
        if given and given not in self.tokens:
            said = "Invalid credentials in Authorization header"
            return reply.send(401, b"", {"X-Error-Message": said})
        if parts == ["api", "validate-yaml"]:
            return reply.json(200, {"errors": [], "warnings": []})
        if parts == ["api", "repos", "create"]:
            return self._create(reply, json.loads(sent), given)
        if parts[0] == "large":
            return self._content(reply, self.stored[parts[1]], parts[1], "/".join(parts[2:]))
        if parts[:2] == ["api", "datasets"]:
            name, rest = "/".join(parts[2:4]), parts[4:]
        elif parts[0] == "datasets":
            name, rest = "/".join(parts[1:3]), parts[3:]
        else:
            return False
        name = name.removesuffix(".git")
        repository = self.repositories.get(name)
        if repository is None or (repository.private and not given):
            return reply.send(401, b"", {"X-Error-Code": "RepoNotFound"})
        what = rest[0] if rest else "revision"
        if what in ("preupload", "info", "commit") and given != WRITER:
            return reply.send(403, b"", {"X-Error-Message": "you may read, not write"})
        if what == "info":
            return self._batch(reply, name, json.loads(sent))
        revision = rest[1] if len(rest) > 1 else "main"
        commit = repository.head if revision == "main" else revision
        if commit not in repository.commits:
            return reply.send(404, b"", {"X-Error-Code": "RevisionNotFound"})
        tree = repository.commits[commit]
        if what == "revision":
            told = {"id": name, "sha": commit, "private": repository.private, "siblings": []}
            return reply.json(200, told)
        if what == "tree":
            return reply.json(200, [self._entry(file, tree[file]) for file in sorted(tree)])
        if what == "preupload":
            return reply.json(200, {"files": [_mode(f, tree) for f in json.loads(sent)["files"]]})
        if what == "commit" and self.refuses:
            return reply.json(413, {"error": self.refuses})
        if what == "commit":
            return self._commit(reply, name, repository, sent)
        return self._resolve(reply, tree, commit, "/".join(rest[2:]))

    def _create(self, reply: "_Reply", wanted: dict[str, Any], token: str) -> bool:
        name = f"{wanted['organization']}/{wanted['name']}"
        if token != WRITER or wanted["organization"] != "us":
            return reply.send(403, b"", {"X-Error-Message": "no rights in this namespace"})
        if name in self.repositories:
            return reply.json(409, {"error": "exists"})
        made = self.repositories[name] = Repository(wanted.get("visibility") == "private")
        made.add({".gitattributes": b"*.parquet filter=lfs\n"})
        return reply.json(200, {"url": f"http://{reply.host}/datasets/{name}"})

    def _batch(self, reply: "_Reply", name: str, wanted: dict[str, Any]) -> bool:
        told = []
        for one in wanted["objects"]:
            upload = {"href": f"http://{reply.host}/large/{one['oid']}"}
            there = one["oid"] in self.stored
            told.append(one if there else {**one, "actions": {"upload": upload}})
        return reply.json(200, {"transfer": "basic", "objects": told})

    def _put(self, request: BaseHTTPRequestHandler, parts: list[str], length: int) -> bool:
        content = _received(request, length, self.slow)
        if len(content) < length:
            return True  # whoever sent it is gone
        self.stored[parts[1]] = content
        return _Reply(request, True).send(200, b"", {})

    def _commit(self, reply: "_Reply", name: str, repository: Repository, sent: bytes) -> bool:
        lines = [json.loads(line) for line in sent.splitlines()]
        changed: dict[str, bytes] = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "header" and value.get("parentCommit") not in (None, repository.head):
                return reply.json(412, {"error": "the branch moved"})
            if line["key"] == "file":
                changed[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                content = self.stored[value["oid"]]
                changed[value["path"]] = content[::-1] if self.full else content
        commit = repository.add(changed)
        url = f"http://{reply.host}/datasets/{name}/commit/{commit}"
        return reply.json(200, {"commitUrl": url, "commitOid": commit})

    def _entry(self, path: str, content: bytes) -> dict[str, Any]:
        told: dict[str, Any] = {
            "type": "file",
            "path": path,
            "size": len(content),
            "oid": _blob(content),
        }
        if path.endswith(_LARGE):
            sha256 = hashlib.sha256(content).hexdigest()
            told["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 130}
        return told

    def _resolve(self, reply: "_Reply", tree: dict[str, bytes], commit: str, path: str) -> bool:
        about = {"X-Repo-Commit": commit}
        if path not in tree:
            return reply.send(404, b"", {**about, "X-Error-Code": "EntryNotFound"})
        content = tree[path]
        if not path.endswith(_LARGE):
            return self._content(reply, content, _blob(content), path, about)
        sha256 = hashlib.sha256(content).hexdigest()
        self.stored[sha256] = content
        about |= {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
        about["Location"] = f"http://{reply.elsewhere}/large/{sha256}/{path}"
        return reply.send(302, b"", about)

    def _content(
        self,
        reply: "_Reply",
        content: bytes,
        etag: str,
        path: str,
        about: dict[str, str] | None = None,
    ) -> bool:
        content = self.damage.get(path, content)
        asked = _RANGE.match(reply.request.headers.get("Range") or "")
        about = {**(about or {}), "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        start = int(asked[1]) if asked else 0
        if reply.body:
            self.sent.append((path, start))
        if asked:
            about["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        sent = content[start:]
        return reply.send(206 if asked else 200, sent, about, self.cut.pop(path, None), self.slow)


def _mode(file: dict[str, Any], tree: dict[str, bytes]) -> dict[str, Any]:
    path = file["path"]
    large = path.endswith(_LARGE)
    told: dict[str, Any] = {"path": path, "uploadMode": "lfs" if large else "regular"}
    told["shouldIgnore"] = False
    if path in tree:
        content = tree[path]
        told["oid"] = hashlib.sha256(content).hexdigest() if large else _blob(content)
    return told


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _received(request: BaseHTTPRequestHandler, length: int, slow: float = 0.0) -> bytes:
    content = bytearray()
    while len(content) < length:
        chunk = request.rfile.read(min(1 << 16, length - len(content)))
        if not chunk:
            break
        content += chunk
        time.sleep(slow)
    return bytes(content)


@dataclass
class _Reply:
    """How a request is answered."""

    request: BaseHTTPRequestHandler
    body: bool

    @property
    def host(self) -> str:
        """Where the hub is."""
        return self.request.headers["Host"]

    @property
    def elsewhere(self) -> str:
        """The same by another name: the client follows no redirect to another host by itself."""
        return self.host.replace("127.0.0.1", "localhost")

    def json(self, status: int, told: Any) -> bool:
        """Answer with JSON."""
        return self.send(status, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def send(
        self,
        status: int,
        content: bytes,
        about: dict[str, str],
        cut: int | None = None,
        slow: float = 0.0,
    ) -> bool:
        """Answer; `cut` ends the connection after so many bytes."""
        request = self.request
        request.send_response(status)
        for key, value in about.items():
            request.send_header(key, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        sent = content if cut is None else content[:cut]
        try:
            for start in range(0, len(sent) if self.body else 0, 1 << 16):
                request.wfile.write(sent[start : start + (1 << 16)])
                time.sleep(slow)
        except OSError:
            pass  # whoever asked is gone
        request.close_connection |= cut is not None
        return True
