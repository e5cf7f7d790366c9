"""Lines that begin with a time: LRC, and transcripts as players show and meetings keep them."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from services.context.captions.findings import Findings, line
from services.context.captions.formats.youtube import cut_at_next
from services.context.captions.model import RawCue
from services.context.captions.stamps import milliseconds, within_reason

_CLOCK = r"(?:[0-9]{1,2}:)?[0-9]{1,3}:[0-9]{2}(?:[.,][0-9]{1,3})?"
_STAMPED = re.compile(rf"\s*(?:[\[(]\s*({_CLOCK})\s*[\])]|({_CLOCK})(?=[\s:=-]|$))[:=]?\s*(?:-\s+)?")
# Whisper's own output, and what people write: `[00:00.000 --> 00:05.000] words`, `0:00 - 0:05 words`.
_TO = r"\s{0,9}(?:-{1,3}>|→|[-–—])\s{0,9}"
_SPAN = re.compile(
    rf"\s*(?:[\[(]\s*({_CLOCK}){_TO}({_CLOCK})\s*[\])]|({_CLOCK}){_TO}({_CLOCK})(?=[\s:=]|$))[:=]?\s*(?:-\s+)?"
)
_TAG = re.compile(r"\[(ar|al|ti|au|by|re|ve|length|offset|la|tool|id|#)\s*:(.*)\]\s*", re.IGNORECASE)
_WORD_TIME = re.compile(r"<[0-9]{1,3}:[0-9]{2}(?:[.:][0-9]{1,3})?>")


def read_lrc(text: str, findings: Findings) -> Iterator[RawCue]:
    """A line may have several times, and is then said at each; lines without one go on with the line before."""
    cues, offset = list[RawCue](), 0
    for number, written in enumerate(text.split("\n"), 1):
        if tag := _TAG.fullmatch(written.strip()):
            offset = _offset(tag) or offset
            continue
        spans, words = spans_of(written)
        if spans:
            cues += [RawCue(line(number), start, end, words) for start, end in spans]
        elif words and cues:
            cues[-1] = replace(cues[-1], text=f"{cues[-1].text}\n{words}".strip())
        elif words:
            findings.note(line(number), "words before the first times")
            cues.append(RawCue(line(number), 0, None, words))
    return cut_at_next(_ended(sorted(cues, key=lambda cue: cue.start or 0), offset))


def spans_of(written: str) -> tuple[list[tuple[int, int | None]], str]:
    """The times that a line begins with, the end of each where it is written, and its words.

    Only times in brackets follow one another; a bare one behind another is said.
    """
    spans, at = list[tuple[int, int | None]](), 0
    while found := _span(written, at):
        span, is_bare, end = found
        if is_bare and spans:
            break
        spans.append(span)
        at = end
        if is_bare:
            break
    return spans, _WORD_TIME.sub("", written[at:]).strip()


def _span(written: str, at: int) -> tuple[tuple[int, int | None], bool, int] | None:
    """The next start and end, whether they stand without brackets, and where they stop."""
    if found := _SPAN.match(written, at):
        start, end = milliseconds(found[1] or found[3]), milliseconds(found[2] or found[4])
        if start is not None and end is not None and start <= end:
            return (start, end), found[1] is None, found.end()
    found = _STAMPED.match(written, at)
    start = milliseconds(found[1] or found[2]) if found else None
    return ((start, None), found[1] is None, found.end()) if found and start is not None else None


def looks_stamped(text: str) -> bool:
    """Whether times begin a good part of the lines, and mostly go forward."""
    lines = [written for written in text.split("\n")[:2000] if written.strip()]
    starts = [spans[0][0] for written in lines if (spans := spans_of(written)[0])]
    forward = sum(one <= other for one, other in itertools.pairwise(starts))
    return (
        len(starts) >= (1 if has_arrows(text) else 2)
        and len(starts) * 4 >= len(lines)
        and forward * 3 >= (len(starts) - 1) * 2
    )


def has_arrows(text: str) -> bool:
    """Whether the first line has a start and an end in brackets, which nobody writes who does not mean times."""
    found = _SPAN.match(text)
    return bool(found and found[1] and ">" in found[0])


def _ended(cues: list[RawCue], offset: int) -> Iterator[RawCue]:
    for at, cue in enumerate(cues):
        following = cues[at + 1].start if at + 1 < len(cues) else None
        start = max(0, (cue.start or 0) - offset)
        stop = following if cue.end is None else cue.end
        yield replace(cue, start=start, end=within_reason(stop - offset) if stop is not None else None)


def _offset(tag: re.Match[str]) -> int:
    """Milliseconds by which words come earlier than their times say."""
    if tag[1].lower() != "offset":
        return 0
    written = tag[2].strip()
    return int(written) if re.fullmatch(r"[+-]?[0-9]{1,7}", written) else 0
