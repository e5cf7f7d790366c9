from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from services.gateway.model import Delta, Finish, Notice

Piece = Delta | Notice | Finish


async def until_stop(pieces: AsyncGenerator[Piece, None], stops: tuple[str, ...]) -> AsyncGenerator[Piece, None]:
    """The pieces up to the first of the stop sequences, which is left out; what follows it is not generated."""
    held, longest = "", max(map(len, stops), default=0)
    async with aclosing(pieces):
        async for piece in pieces:
            if not isinstance(piece, Delta) or not longest:
                if isinstance(piece, Finish) and held:
                    yield Delta(held)
                yield piece
                continue
            held += piece.text
            found = min((at for stop in stops if (at := held.find(stop)) >= 0), default=-1)
            if found >= 0:
                yield Delta(held[:found])
                yield Finish(finish_reason="stop")
                return
            kept = longest - 1
            shown, held = (held[:-kept], held[-kept:]) if kept else (held, "")
            if shown:
                yield replace(piece, text=shown)
