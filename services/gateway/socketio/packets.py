from typing import Any

import orjson
from engineio import packet  # type: ignore[import-untyped]

from services.gateway.http.websockets import text_frame

# A message of Engine.IO that holds an event of Socket.IO, in the namespace that all clients here are in.
EVENT = "42"


class FramedText(str):
    """An encoded packet that knows its WebSocket frame."""

    __slots__ = ("frame",)
    frame: bytes


class EventPacket(packet.Packet):  # type: ignore[misc]
    """An event as any number of sockets are sent it: its text and its frame are made once, for all of them."""

    def __init__(self, name: str, body: dict[str, Any]) -> None:
        text = FramedText(EVENT + orjson.dumps([name, body]).decode())
        text.frame = text_frame(text)
        super().__init__(packet.MESSAGE, text[1:])
        self.encode_cache = text
        self.frame = text.frame
