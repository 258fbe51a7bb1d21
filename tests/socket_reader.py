"""A reader without a browser: speaks the app's own protocol, so that many fit beside the server."""

import asyncio
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

LONGEST = 120
"""Seconds to wait for a page."""


class SocketReader:
    """One session of the app."""

    def __init__(self, address: str, script_hash: str = "") -> None:
        """Prepare a session.

        Args:
            address: http://host:port.
            script_hash: of a page's script, as the server names it; empty takes the page by name.
        """
        self._url = address.replace("http", "ws", 1) + "/_stcore/stream"
        self._script_hash = script_hash
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        """Begin the session."""
        self._socket = await connect(self._url, subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]
        return self

    async def __aexit__(self, *error: object) -> None:
        """End it."""
        assert self._socket is not None
        await self._socket.close()

    async def open(self, page: str, choices: Mapping[str, Any] | None = None) -> list[ForwardMsg]:
        """Ask for a page and return what the server sent until it was done.

        Args:
            page: path of its address.
            choices: values by key of the address.
        """
        assert self._socket is not None
        asked = BackMsg()
        asked.rerun_script.page_name = page
        asked.rerun_script.page_script_hash = self._script_hash
        asked.rerun_script.query_string = urlencode(choices or {}, doseq=True)
        await self._socket.send(asked.SerializeToString())
        sent: list[ForwardMsg] = []
        async with asyncio.timeout(LONGEST):
            while True:
                message = ForwardMsg()
                message.ParseFromString(bytes(await self._socket.recv()))  # type: ignore[arg-type]
                sent.append(message)
                if message.WhichOneof("type") != "script_finished":
                    continue
                # A run that another run follows says so; its last one is the one to wait for.
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return sent


def elements(sent: list[ForwardMsg]) -> list[Any]:
    """Return the elements that a page was drawn with."""
    return [
        message.delta.new_element
        for message in sent
        if message.WhichOneof("type") == "delta"
        and message.delta.WhichOneof("type") == "new_element"
    ]


def kinds(sent: list[ForwardMsg]) -> set[str]:
    """Return the kinds of these elements, e.g. arrow_vega_lite_chart, markdown, exception."""
    return {str(element.WhichOneof("type")) for element in elements(sent)}
