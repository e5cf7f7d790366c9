"""Plain text: paragraphs without times."""

from collections.abc import Iterator

from services.context.captions.findings import Findings, line
from services.context.captions.model import RawCue

LONGEST = 2000


def read_text(text: str, findings: Findings) -> Iterator[RawCue]:
    start, lines = 1, list[str]()
    for number, written in enumerate([*text.split("\n"), ""], 1):
        if written.strip():
            start = start if lines else number
            lines.append(written)
        elif lines:
            yield from _paragraph(start, " ".join(lines))
            lines = []


def _paragraph(number: int, words: str) -> Iterator[RawCue]:
    while words:
        cut = len(words) if len(words) <= LONGEST else words.rfind(" ", LONGEST // 2, LONGEST)
        piece = words[: cut if cut > 0 else LONGEST]
        yield RawCue(line(number), None, None, piece)
        words = words[len(piece) :]
