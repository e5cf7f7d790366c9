"""Chat completions out of the raw bytes of their server-sent events, as many at once as have arrived.

Whatever a provider sends is an answer, a failure of that provider, or ignored. How it is cut changes nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

import orjson

from services.inference.adapters.chunks import Told, garbled
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.ports import Piece

DONE = b"[DONE]"
FIELD, FIRST, BETWEEN, LAST = b"data:", b"data: ", b"\n\ndata: ", b"\n\n"
LAST_OF_ALL = FIRST + DONE + LAST
BOM = b"\xef\xbb\xbf"
LONGEST_LINE = 1024 * 1024
FIRST_HALVES = ("\ud800", "\udbff")


class ChunkDecoder:
    """Keeps what is not yet a whole line. Once the provider has said how the answer ends, nothing is wrong any more.

    The usage may still come then, and what is no answer is ignored.
    """

    def __init__(self) -> None:
        self._whole = False
        self._rest = b""
        self._begun, self._done = False, False
        self._failure: ProviderFailure | None = None
        self._escaped, self._half = False, ""  # whether letters came in halves, and one that waits for its other half

    @property
    def whole(self) -> bool:
        """Whether the provider said how it ended, be it in a last line whose own end is missing."""
        if self._whole or not self._rest or self._failure is not None:
            return self._whole
        last = ChunkDecoder()
        try:
            piece = last.feed(self._rest + b"\n")
        except ProviderFailure:
            return False
        return piece is not None and bool(piece.finish_reason)

    def feed(self, data: bytes) -> Piece | None:
        """All that `data` completes as one piece; None where that is nothing to tell.

        Raises ProviderFailure where the provider sent an error, once what it said before that has been told.
        """
        if self._failure is not None:
            raise self._failure
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        block, self._rest = data[:end], data[end:]
        told = Told()
        if block and not self._done:
            self._read(block, told)
        if len(self._rest) > LONGEST_LINE:
            self._done, self._rest = True, b""
            self._failure = self._failure or (None if self._whole else garbled())
        return self._piece(told)

    def end(self) -> Piece | None:
        """What a last line without an end of its own told, and what was held back."""
        piece = self.feed(b"\n") if self._rest or self._failure else None
        if not self._half or self._failure is not None:
            return piece
        self._half, piece = "", piece or Piece()
        return replace(piece, text=f"{piece.text}\N{REPLACEMENT CHARACTER}")

    def check(self) -> None:
        """After the end: raises ProviderFailure where that was no whole answer."""
        if self._failure is not None:
            raise self._failure
        if not self._whole:
            raise cut()

    def _read(self, block: bytes, told: Told) -> None:
        if not self._begun:
            self._begun, block = True, block.removeprefix(BOM)
        plain = _plain_chunks(block)
        chunks = map(self._parsed, self._payloads(block)) if plain is None else iter(plain)
        while True:
            try:
                told.add(chunks)
                break
            except ProviderFailure as failure:
                if not self._whole and not told.finish_reason:
                    self._failure = failure
                    return
        self._whole = self._whole or bool(told.finish_reason)
        self._done = self._done or (plain is not None and block.endswith(LAST_OF_ALL))

    def _payloads(self, block: bytes) -> Iterator[bytes]:
        """What may be chunks, line by line; raises ProviderFailure at a line that is too long for one."""
        for line in block[:-1].split(b"\n"):
            if len(line) > LONGEST_LINE:
                self._done = True
                raise garbled()
            for part in line.split(b"\r"):
                payload = part[len(FIELD) :].strip() if part.startswith(FIELD) else b""
                self._done = self._done or payload == DONE
                if self._done:
                    return
                if payload:
                    yield payload

    def _parsed(self, payload: bytes) -> Any:
        try:
            return orjson.loads(payload)
        except orjson.JSONDecodeError:
            if b"\\u" not in payload:
                raise garbled() from None
        try:
            chunk = json.loads(payload.decode(), parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise garbled() from None
        self._escaped = True
        return chunk

    def _piece(self, told: Told) -> Piece | None:
        text = "".join(told.texts)
        if self._escaped:
            text = self._joined(text)
        if text or told.finish_reason or told.usage or told.thought:
            return Piece(text, told.finish_reason, told.usage, told.thought)
        if self._failure is not None:
            raise self._failure
        return None

    def _joined(self, text: str) -> str:
        """The text with halves of letters joined, which some proxies send as two escapes; one alone is no letter."""
        text, self._half = self._half + text, ""
        if text and FIRST_HALVES[0] <= text[-1] <= FIRST_HALVES[1]:
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cut() -> ProviderFailure:
    return ProviderFailure(Remedy.RETRY, "cut", "the provider broke off")


def _plain_chunks(block: bytes) -> list[Any] | None:
    """The chunks where there is nothing else between them, as nearly always; else None."""
    if not (block.startswith(FIRST) and block.endswith(LAST)) or b"\r" in block or len(block) > LONGEST_LINE:
        return None
    payloads = block[len(FIRST) : -len(LAST)].split(BETWEEN)
    if block.count(b"\n") != 2 * len(payloads):
        return None
    if payloads[-1] == DONE:
        payloads.pop()
    try:
        return [orjson.loads(payload) for payload in payloads]
    except orjson.JSONDecodeError:
        return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
