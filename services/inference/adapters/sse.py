"""Chat completion chunks out of raw bytes, as many at once as have arrived."""

from typing import Any

import orjson

from services.inference.adapters.openai_errors import in_stream
from services.inference.model.generation import Usage
from services.inference.ports import Piece

DONE = b"[DONE]"


class ChunkDecoder:
    """Keeps what is not yet a whole line; `whole` says whether the provider said how it ended."""

    def __init__(self) -> None:
        self.whole = False
        self._rest = b""

    def feed(self, data: bytes) -> Piece | None:
        """All that `data` completes as one piece; None where that is nothing to tell."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        payloads = [payload for line in lines if line.startswith(b"data:") and (payload := line[5:].strip())]
        if not payloads:
            return None
        if payloads[-1] == DONE:
            payloads.pop()
        chunks: list[dict[str, Any]] = orjson.loads(b"[" + b",".join(payloads) + b"]")
        return self._joined(chunks)

    def _joined(self, chunks: list[dict[str, Any]]) -> Piece | None:
        texts: list[str] = []
        finish_reason, usage = "", None
        for chunk in chunks:
            if "error" in chunk:
                raise in_stream(chunk["error"])
            for choice in chunk.get("choices") or ():
                texts.append((choice.get("delta") or {}).get("content") or "")
                finish_reason = choice.get("finish_reason") or finish_reason
            usage = usage_of(chunk.get("usage")) or usage
        self.whole = self.whole or bool(finish_reason)
        text = "".join(texts)
        return Piece(text, finish_reason, usage) if text or finish_reason or usage else None


def usage_of(body: dict[str, Any] | None) -> Usage | None:
    return Usage(body.get("prompt_tokens") or 0, body.get("completion_tokens") or 0) if body else None
