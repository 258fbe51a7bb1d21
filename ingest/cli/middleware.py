"""What stands before Streamlit: addresses led to their pages, readiness, a log of requests."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prh_core.warehouse.errors import WarehouseError
from prh_core.warehouse.reading import open_readonly, schema_version
from prh_core.warehouse.shipped import shown_file

_STREAMLITS = {"_stcore", "static", "media", "component", "app", "auth"}
"""Where the server keeps what is no page."""


class PagesOneLevelDeep:
    """Leads an address below a page's own to that page: Streamlit would answer with a blank one.

    Its start page names its files relative to the address, so a level deeper there are none.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a browser that asks for /page/more to /page; let files and all else pass."""
        page, _, more = scope.get("path", "").strip("/").partition("/")
        looks = any(
            name == b"accept" and b"text/html" in value for name, value in scope.get("headers", ())
        )
        if more and looks and page not in _STREAMLITS:
            query = scope.get("query_string", b"").decode("latin-1")
            headers = {"Cache-Control": "no-cache"}
            leads = RedirectResponse(f"/{page}" + f"?{query}" * bool(query), 307, headers)
            await leads(scope, receive, send)
            return
        await self.app(scope, receive, send)


class Readiness:
    """Answers /ready: 200 where the warehouse can be asked, else 503 and what is wrong.

    Streamlit's own /_stcore/health says that the server is alive.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for /ready; let all else pass."""
        if scope["type"] != "http" or scope.get("path") != "/ready":
            await self.app(scope, receive, send)
            return
        headers = {"Cache-Control": "no-store"}
        try:
            schema = await asyncio.to_thread(_open_warehouse)
        except WarehouseError as error:
            told = {"ready": False, "problem": error.problem}
            await JSONResponse(told, 503, headers)(scope, receive, send)
        else:
            await JSONResponse({"ready": True, "schema": schema}, 200, headers)(
                scope, receive, send
            )


def _open_warehouse() -> int:
    with open_readonly(shown_file(), older=False) as connection:
        return schema_version(connection)


class AccessLog:
    """Writes a line of JSON about every request that is over; what readers asked stays untold."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, then tell time, kind, path, status and milliseconds; a session when it ends."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        status: list[int] = []
        began = time.monotonic()

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, heard)
        finally:
            told = {
                "time": datetime.now(tz=UTC).isoformat(timespec="milliseconds"),
                "kind": scope["type"],
                "path": str(scope.get("path", ""))[:200],
                "status": status[0] if status else None,
                "ms": round(1000 * (time.monotonic() - began)),
            }
            sys.stderr.write(json.dumps(told) + "\n")
            sys.stderr.flush()
