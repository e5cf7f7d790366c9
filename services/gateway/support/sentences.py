"""Sentences of an answer while it is being written, with the sources that each cites."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from kit.words.sentences import ends
from services.gateway.support.markers import Marker, markers
from services.gateway.support.prose import has_blocks, prose

_MAY_END = regex.compile(r"[\n.!?…。！？｡।॥؟۔։]")
# A marker may follow in the same line.
_MAY_GO_ON = regex.compile(r"[ \t]*(?:[\[【][\s\d,;，、^]*)?")
# What a line begins with before its first word: bullets, numbers of a list, quotation and emphasis.
_LEADING = regex.compile(r"(?:[\s>#*_\-–•·]|\d{1,2}[.)]\s)*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it stands in the answer from a letter on, and the numbers of the sources that it cites.

    `said` is the same without code, mathematics and markers.
    """

    text: str
    start: int
    numbers: tuple[int, ...]
    said: str


class SentenceReader:
    """Tells each sentence once it is finished."""

    def __init__(self, sources: int) -> None:
        """`sources` is how many there are to be cited."""
        self._sources = sources
        self._answer = ""
        self._told = 0

    def feed(self, text: str) -> list[Sentence]:
        """The sentences that are finished by this text."""
        self._answer += text
        return list(self._sentences(whole=False)) if _MAY_END.search(self._answer, self._told) else []

    def end(self) -> list[Sentence]:
        """What is left, as the answer ends here."""
        return list(self._sentences(whole=True))

    def _sentences(self, *, whole: bool) -> Iterator[Sentence]:
        base = 0 if has_blocks(self._answer) else self._told  # what went before matters where blocks are open
        answer = self._answer[base:]
        text = prose(answer)
        found = list(markers(answer, text, self._sources))
        bare = _without(found, text)
        for start, end in _spans(bare, self._told - base):
            if not whole and bare[end - 1] != "\n" and _MAY_GO_ON.fullmatch(bare, end):
                return
            self._told = base + end
            if sentence := _sentence(answer, bare, start, end, found):
                yield replace(sentence, start=base + sentence.start) if base else sentence


def sentences_of(answer: str, sources: int) -> list[Sentence]:
    """The sentences of a whole answer that may cite so many sources."""
    reader = SentenceReader(sources)
    return [*reader.feed(answer), *reader.end()]


def _without(found: Sequence[Marker], text: str) -> str:
    """The text with spaces for its markers: one after a full stop belongs to what it follows."""
    for marker in found:
        text = text[: marker.start] + " " * (marker.end - marker.start) + text[marker.end :]
    return text


def _spans(text: str, start: int) -> Iterator[tuple[int, int]]:
    """From where to where each sentence goes; no sentence goes on in another line."""
    for line in text[start:].splitlines(keepends=True):
        last = 0
        for end in ends(line):
            if end > last:
                yield start + last, start + end
                last = end
        start += len(line)


def _sentence(answer: str, bare: str, start: int, end: int, found: Sequence[Marker]) -> Sentence | None:
    numbers = [number for marker in found if start <= marker.start < end for number in marker.numbers]
    leading = _LEADING.match(bare, start, end)
    start = leading.end() if leading else start
    said = " ".join(bare[start:end].split())
    if not said:
        return None
    return Sentence(answer[start:end].rstrip(), start, tuple(dict.fromkeys(numbers)), said)
