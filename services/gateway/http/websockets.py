"""uvicorn's WebSockets, that also take frames which were made once for many connections."""

from typing import Any, cast

from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto.events import Request

# Under this name among the extensions of the scope, applications find the connection as `Frames`.
EXTENSION = "lectern.frames"
TEXT = b"\x81"
SHORTEST_IN_TWO_BYTES, SHORTEST_IN_EIGHT_BYTES = 126, 0x10000


def text_frame(text: str) -> bytes:
    """A whole text message as a server sends it: one frame, unmasked (RFC 6455, 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < SHORTEST_IN_TWO_BYTES:
        return b"%b%c%b" % (TEXT, size, payload)
    if size < SHORTEST_IN_EIGHT_BYTES:
        return b"%b\x7e%b%b" % (TEXT, size.to_bytes(2), payload)
    return b"%b\x7f%b%b" % (TEXT, size.to_bytes(8), payload)


class Frames(WSProtocol):
    """A connection; whoever writes frames to it does so between the messages of the application, never within one."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        extensions = cast("dict[str, Any]", self.scope["extensions"])
        extensions[EXTENSION] = self

    @property
    def open(self) -> bool:
        """Whether frames still reach the peer."""
        return self.handshake_complete and not (self.close_sent or self.disconnected or self.transport.is_closing())

    @property
    def ready(self) -> bool:
        """Open, with less waiting in the transport than makes it ask for a pause."""
        return self.writable.is_set() and self.open

    def write(self, frame: bytes) -> None:
        self.transport.write(frame)

    async def drained(self) -> None:
        """Waits until the transport takes more, or is gone."""
        await self.writable.wait()
