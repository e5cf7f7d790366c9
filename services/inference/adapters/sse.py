"""Chat completion chunks out of raw bytes, as many at once as have arrived."""

from typing import Any

import orjson

from services.inference.adapters.openai_errors import in_stream
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import Usage
from services.inference.ports import Piece

DONE = b"[DONE]"
FIRST, BETWEEN, LAST = b"data: ", b"\n\ndata: ", b"\n\n"


class ChunkDecoder:
    """Keeps what is not yet a whole line; `whole` says whether the provider said how it ended."""

    def __init__(self) -> None:
        self.whole = False
        self._rest = b""
        self._failure: ProviderFailure | None = None

    def feed(self, data: bytes) -> Piece | None:
        """All that `data` completes as one piece; None where that is nothing to tell.

        Raises ProviderFailure where the provider sent an error, once what it said before that has been told.
        """
        if self._failure is not None:
            raise self._failure
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        block, self._rest = data[:end], data[end:]
        return self._joined(_plain_events(block) or _events(block))

    def end(self) -> Piece | None:
        """What a last line without an end of its own told."""
        return self.feed(b"\n") if self._rest or self._failure else None

    def _joined(self, chunks: list[dict[str, Any]]) -> Piece | None:
        texts: list[str] = []
        finish_reason, usage = "", None
        for chunk in chunks:
            if "error" in chunk:
                self._failure = in_stream(chunk["error"])
                break
            for choice in chunk.get("choices") or ():
                if text := (choice.get("delta") or {}).get("content"):
                    texts.append(text)
                finish_reason = choice.get("finish_reason") or finish_reason
            if body := chunk.get("usage"):
                usage = usage_of(body)
        self.whole = self.whole or bool(finish_reason)
        if texts or finish_reason or usage:
            return Piece("".join(texts), finish_reason, usage)
        if self._failure is not None:
            raise self._failure
        return None


def usage_of(body: dict[str, Any] | None) -> Usage | None:
    return Usage(body.get("prompt_tokens") or 0, body.get("completion_tokens") or 0) if body else None


def _plain_events(block: bytes) -> list[dict[str, Any]] | None:
    """The chunks where there is nothing else between them, as nearly always; JSON holds no bare line break."""
    if not (block.startswith(FIRST) and block.endswith(LAST)):
        return None
    body = block[len(FIRST) : -len(LAST)]
    if body.endswith(DONE):
        body = body[: -len(DONE)].removesuffix(BETWEEN)
    try:
        chunks: list[dict[str, Any]] = orjson.loads(b"[" + body.replace(BETWEEN, b",") + b"]")
    except orjson.JSONDecodeError:
        return None
    return chunks


def _events(block: bytes) -> list[dict[str, Any]]:
    """The chunks, line by line."""
    payloads = [payload for line in block.split(b"\n") if line.startswith(b"data:") and (payload := line[5:].strip())]
    if payloads and payloads[-1] == DONE:
        payloads.pop()
    try:
        chunks: list[dict[str, Any]] = orjson.loads(b"[" + b",".join(payloads) + b"]")
    except orjson.JSONDecodeError as error:
        raise ProviderFailure(Remedy.RETRY, "garbled", "the provider sent what is no answer") from error
    return chunks
