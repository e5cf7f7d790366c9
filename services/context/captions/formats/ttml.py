"""TTML, DFXP and their profiles: paragraphs, and spans that have times of their own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from services.context.captions.findings import Findings
from services.context.captions.formats.xml import attribute, literal, local_name, parsed
from services.context.captions.model import RawCue
from services.context.captions.stamps import milliseconds, within_reason

_FRAMES = re.compile(r"([0-9]{2,3}):([0-9]{2}):([0-9]{2}):([0-9]{2,3})(?:\.[0-9]+)?")
_OFFSET = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(h|ms|m|s|f|t)?")
_NOT_SAID = frozenset({"head", "metadata", "set", "animate", "image", ""})


@dataclass(frozen=True, slots=True)
class _Clock:
    """Units of a document: frames and ticks to the second."""

    frames: Fraction
    ticks: Fraction

    def milliseconds(self, written: str) -> int | None:
        if framed := _FRAMES.fullmatch(written):
            hours, minutes, seconds, frames = map(int, framed.groups())
            return within_reason(((hours * 60 + minutes) * 60 + seconds) * 1000 + int(frames * 1000 / self.frames))
        offset = _OFFSET.fullmatch(written)
        if offset is None:
            return milliseconds(written)
        seconds_each = {
            "h": Fraction(3600),
            "m": Fraction(60),
            "ms": Fraction(1, 1000),
            "f": 1 / self.frames,
            "t": 1 / self.ticks,
        }
        return within_reason(round(Fraction(offset[1]) * seconds_each.get(offset[2], Fraction(1)) * 1000))


@dataclass(frozen=True, slots=True)
class _Span:
    """When an element is shown; `zero` is what times within it count from."""

    start: int | None
    end: int | None
    zero: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text of a paragraph, and when it is shown."""

    span: _Span
    text: str


def read_ttml(text: str, findings: Findings) -> Iterator[RawCue]:
    root = parsed(text, findings)
    clock = _clock_of(root)
    for number, (paragraph, span) in enumerate(_paragraphs(root, _Span(None, None, 0), clock), 1):
        for cue in _cues(list(_pieces(paragraph, span, clock))):
            yield replace(cue, place=f"cue {number}")


def _clock_of(root: Element) -> _Clock:
    rate = Fraction(_whole(attribute(root, "frameRate"), 30))
    multiplier = attribute(root, "frameRateMultiplier").replace(":", " ").split()
    if len(multiplier) == 2:
        rate *= Fraction(_whole(multiplier[0], 1), _whole(multiplier[1], 1))
    return _Clock(rate, Fraction(_whole(attribute(root, "tickRate"), 1)))


def _whole(written: str, otherwise: int) -> int:
    return int(written) if written.isdecimal() and len(written) <= 10 and 0 < int(written) <= 10**9 else otherwise


def _paragraphs(element: Element, span: _Span, clock: _Clock) -> Iterator[tuple[Element, _Span]]:
    in_sequence = attribute(element, "timeContainer") == "seq"
    for child in element:
        if local_name(child) in _NOT_SAID:
            continue
        shown = _shown(child, span, clock)
        if local_name(child) == "p":
            yield child, shown
        else:
            yield from _paragraphs(child, shown, clock)
        if in_sequence and shown.end is not None:
            span = replace(span, zero=shown.end)


def _shown(element: Element, within: _Span, clock: _Clock) -> _Span:
    """An element's times count from the beginning of what it stands in; without any it is shown as long as that."""
    begin, end, length = (clock.milliseconds(attribute(element, name)) for name in ("begin", "end", "dur"))
    if begin is None and end is None and length is None:
        return within
    start = within.zero + (begin or 0)
    stop = start + length if length is not None else None if end is None else within.zero + end
    return _Span(start, stop if stop is not None else within.end, start)


def _pieces(element: Element, span: _Span, clock: _Clock) -> Iterator[_Piece]:
    yield _Piece(span, literal(element.text))
    for child in element:
        if local_name(child) == "br":
            yield _Piece(span, "\n")
        elif local_name(child) not in _NOT_SAID:
            yield from _pieces(child, _shown(child, span, clock), clock)
        yield _Piece(span, literal(child.tail))


def _cues(pieces: list[_Piece]) -> Iterator[RawCue]:
    """A cue for each time at which something is shown; words that appear one by one are one cue."""
    said = [piece for piece in pieces if piece.text.strip()]
    spans = {piece.span for piece in said}
    if len(spans) < 2 or all(len(piece.text.split()) < 2 for piece in said):
        starts = [span.start for span in spans if span.start is not None]
        ends = [span.end for span in spans if span.end is not None]
        text = "".join(piece.text for piece in pieces)
        yield RawCue("", min(starts, default=None), max(ends, default=None), text)
        return
    for piece in said:
        yield RawCue("", piece.span.start, piece.span.end, piece.text)
