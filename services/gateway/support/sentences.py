"""Sentences of an answer while it is being written, with the sources that each cites."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from kit.words.sentences import ends
from services.gateway.support.markers import Marker, markers
from services.gateway.support.prose import prose_of

# Letters of an answer that are read at all, and of one that are read again while no sentence ends.
LONGEST_ANSWER, LONGEST_OPEN = 100_000, 4000

_MAY_END = regex.compile(r"[\n.!?…。！？｡।॥؟۔։]")
# A marker may follow in the same line.
_MAY_GO_ON = regex.compile(r"[ \t]*(?:[\[【][\s\d,;，、^]*)?")
# What a line begins with before its first word: bullets, numbers of a list, quotation and emphasis.
_LEADING = regex.compile(r"(?:[\s>#*_\-–•·]|\d{1,2}[.)]\s)*+")


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
    """Tells each sentence once it is finished; what is longer than any answer that is read is passed over."""

    def __init__(self, sources: int) -> None:
        """`sources` is how many there are to be cited."""
        self._sources = sources
        self._answer = ""
        self._told = 0
        # From here the text is read: no code or mathematics goes on from before it.
        self._base = 0

    def feed(self, text: str) -> list[Sentence]:
        """The sentences that are finished by this text."""
        if len(self._answer) > LONGEST_ANSWER:
            return []
        self._answer += text
        if not _MAY_END.search(text) and not _MAY_END.search(self._answer, self._told):
            return []
        return list(self._sentences(whole=False))

    def end(self) -> list[Sentence]:
        """What is left, as the answer ends here."""
        return list(self._sentences(whole=True))

    def _sentences(self, *, whole: bool) -> Iterator[Sentence]:
        base, answer = self._base, self._answer[self._base :]
        read = prose_of(answer)
        found = list(markers(answer, read.text, self._sources))
        bare, starts = _without(found, read.text), [marker.start for marker in found]
        for start, end in _spans(bare, self._told - base):
            if not whole and bare[end - 1] != "\n" and _MAY_GO_ON.fullmatch(bare, end):
                break
            self._told = base + end
            if read.is_whole_at(end):
                self._base = self._told
            inside = found[bisect_left(starts, start) : bisect_left(starts, end)]
            if sentence := _sentence(answer, bare, start, end, inside):
                yield replace(sentence, start=base + sentence.start) if base else sentence
        if len(self._answer) - self._base > LONGEST_OPEN:  # nothing ends here: it is no sentence
            self._base = self._told = len(self._answer)


def sentences_of(answer: str, sources: int) -> list[Sentence]:
    """The sentences of a whole answer that may cite so many sources."""
    reader = SentenceReader(sources)
    return [*reader.feed(answer), *reader.end()]


def _without(found: Sequence[Marker], text: str) -> str:
    """The text with spaces for its markers: one after a full stop belongs to what it follows."""
    parts, at = list[str](), 0
    for marker in found:
        parts += [text[at : marker.start], " " * (marker.end - marker.start)]
        at = marker.end
    return "".join([*parts, text[at:]])


def _spans(text: str, start: int) -> Iterator[tuple[int, int]]:
    """From where to where each sentence goes; no sentence goes on in another line."""
    for line in text[start:].splitlines(keepends=True):
        last = 0
        for end in ends(line):
            if end > last:
                yield start + last, start + end
                last = end
        start += len(line)


def _sentence(answer: str, bare: str, start: int, end: int, inside: Sequence[Marker]) -> Sentence | None:
    leading = _LEADING.match(bare, start, end)
    start = leading.end() if leading else start
    said = " ".join(bare[start:end].split())
    if not said:
        return None
    numbers = dict.fromkeys(number for marker in inside for number in marker.numbers)
    return Sentence(answer[start:end].rstrip(), start, tuple(numbers), said)
