"""python-socketio, with a shorter way for events: past the queue and the task of a socket, unless something waits.

The library hands each packet to the queue of its socket, where a task of that socket takes it out and sends it through
the WebSocket library: for a room of a hundred, each event wakes a hundred tasks and is framed a hundred times. Here an
event is written to the connection at once while the queue is empty and its reader waits for more, which is when all
that came before has been written; so nothing overtakes anything. What the library itself sends goes its own way, and so
does everything for clients that poll, and for connections that take no more for now.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import engineio  # type: ignore[import-untyped]
import socketio
from engineio.async_drivers.asgi import WebSocket  # type: ignore[import-untyped]

from services.gateway.http.websockets import EXTENSION, Frames, text_frame
from services.gateway.socketio.packets import EventPacket, FramedText


class SendQueue(asyncio.Queue[Any]):
    """The packets of one socket that wait to be sent; events that need not wait are written at once."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._readers = 0
        self._socket: Any = None
        self._frames: Frames | None = None

    def attach(self, socket: Any, frames: Frames) -> None:
        """The connection that the socket is about to be carried by; it is once the socket says `upgraded`."""
        self._socket, self._frames = socket, frames

    async def get(self) -> Any:
        self._readers += 1
        try:
            return await super().get()
        finally:
            self._readers -= 1

    def put_nowait(self, item: Any) -> None:
        if isinstance(item, EventPacket) and (frames := self._unoccupied()) is not None:
            frames.write(item.frame)
        else:
            super().put_nowait(item)

    def abort(self) -> None:
        """Ends the connection with what it has not sent yet."""
        if self._frames is not None:
            self._frames.transport.abort()

    def _unoccupied(self) -> Frames | None:
        """The connection, if all that was put here before has been written to it and it takes more."""
        frames = self._frames
        if frames is None or not self._readers or self.qsize() or not self._socket.upgraded or not frames.ready:
            return None
        return frames


class FrameSocket(WebSocket):  # type: ignore[misc]
    """The driver's WebSocket, over connections that take frames."""

    async def __call__(self, environ: Mapping[str, Any]) -> Any:
        self._frames: Frames | None = environ["asgi.scope"].get("extensions", {}).get(EXTENSION)
        if self._frames is not None:
            socket = self.handler.__self__  # the handler is a method of the socket that is to be carried
            socket.queue.attach(socket, self._frames)
        return await super().__call__(environ)

    async def send(self, message: str | bytes) -> None:
        if self._frames is None or isinstance(message, bytes):
            await super().send(message)
            return
        await self._frames.drained()
        if not self._frames.open:
            raise OSError("the connection is closed")
        self._frames.write(message.frame if isinstance(message, FramedText) else text_frame(message))


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._async: dict[str, Any] = {**self._async, "websocket": FrameSocket}

    def create_queue(self, *arguments: Any, **options: Any) -> SendQueue:
        return SendQueue(*arguments, **options)


class SocketServer(socketio.AsyncServer):  # type: ignore[misc]
    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer
