"""Captions whose cues are a line of times with lines of words under it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.context.captions.findings import line
from services.context.captions.raw import RawCue
from services.context.captions.stamps import milliseconds

ARROW = "-->"
_LOOSE_ARROW = re.compile(r"\s*([0-9][0-9:.,]{3,20})\s*(?:->|=>|—>|–>|→)\s*([0-9][0-9:.,]{3,20})\s*")


@dataclass(slots=True)
class Block:
    """A line of times, the words right under it, and what follows the next blank line."""

    number: int
    times: str
    words: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    closed: bool = False

    def raw_cue(self) -> RawCue:
        start, _, end = self.times.partition(ARROW)
        first = end.split(maxsplit=1)[0] if end.strip() else ""
        return RawCue(line(self.number), milliseconds(start), milliseconds(first), "\n".join(self.words))


def blocks(text: str) -> Iterator[Block]:
    """The blocks in the order of the text; what stands before the first is left out."""
    current: Block | None = None
    for number, written in enumerate(text.split("\n"), 1):
        if times := _times(written):
            if current:
                yield current
            current = Block(number, times)
        elif current:
            _continue(current, written)
    if current:
        yield current


def _continue(block: Block, written: str) -> None:
    if not written.strip():
        block.closed = True
    elif block.closed:
        block.after.append(written)
    else:
        block.words.append(written)


def _times(written: str) -> str:
    if ARROW in written:
        return written
    match = _LOOSE_ARROW.fullmatch(written) if written[:1].isdigit() else None
    return f"{match[1]} {ARROW} {match[2]}" if match else ""
