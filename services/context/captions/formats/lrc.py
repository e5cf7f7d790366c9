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
_TAG = re.compile(r"\[(ar|al|ti|au|by|re|ve|length|offset|la|tool|id|#)\s*:(.*)\]\s*", re.IGNORECASE)
_WORD_TIME = re.compile(r"<[0-9]{1,3}:[0-9]{2}(?:[.:][0-9]{1,3})?>")


def read_lrc(text: str, findings: Findings) -> Iterator[RawCue]:
    """A line may have several times, and is then said at each; lines without one go on with the line before."""
    cues, offset = list[RawCue](), 0
    for number, written in enumerate(text.split("\n"), 1):
        if tag := _TAG.fullmatch(written.strip()):
            offset = _offset(tag) or offset
            continue
        moments, words = stamps_of(written)
        if moments:
            cues += [RawCue(line(number), moment, None, words) for moment in moments]
        elif words and cues:
            cues[-1] = replace(cues[-1], text=f"{cues[-1].text}\n{words}".strip())
        elif words:
            findings.note(line(number), "words before the first times")
            cues.append(RawCue(line(number), 0, None, words))
    return cut_at_next(_ended(sorted(cues, key=lambda cue: cue.start or 0), offset))


def stamps_of(written: str) -> tuple[list[int], str]:
    """The times that a line begins with, and its words."""
    moments, at = list[int](), 0
    while found := _STAMPED.match(written, at):
        moment = milliseconds(found[1] or found[2])
        if moment is None:
            break
        moments.append(moment)
        at = found.end()
    return moments, _WORD_TIME.sub("", written[at:]).strip()


def looks_stamped(text: str) -> bool:
    """Whether times begin a good part of the lines, and mostly go forward."""
    lines = [written for written in text.split("\n")[:2000] if written.strip()]
    starts = [moments[0] for written in lines if (moments := stamps_of(written)[0])]
    forward = sum(one <= other for one, other in itertools.pairwise(starts))
    return len(starts) >= 2 and len(starts) * 4 >= len(lines) and forward * 3 >= (len(starts) - 1) * 2


def _ended(cues: list[RawCue], offset: int) -> Iterator[RawCue]:
    for at, cue in enumerate(cues):
        following = cues[at + 1].start if at + 1 < len(cues) else None
        start = max(0, (cue.start or 0) - offset)
        end = within_reason(following - offset) if following is not None else None
        yield replace(cue, start=start, end=end)


def _offset(tag: re.Match[str]) -> int:
    """Milliseconds by which words come earlier than their times say."""
    if tag[1].lower() != "offset":
        return 0
    written = tag[2].strip()
    return int(written) if re.fullmatch(r"[+-]?[0-9]{1,7}", written) else 0
