"""Puts right what can be put right in the times of cues, and says where."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, takewhile

from services.context.captions.findings import Findings, refused
from services.context.captions.model import RawCue
from services.context.captions.stamps import in_words
from services.context.model import Cue

MILLISECONDS_PER_LETTER = 65
SHORTEST = 500


def settle(written: Sequence[RawCue], findings: Findings) -> tuple[Cue, ...]:
    """Cues by time, each ending after it begins and before the next one begins."""
    unreadable = [cue for cue in written if cue.start is None]
    if len(unreadable) * 2 > len(written):
        raise refused(unreadable[0].place, f"times cannot be read, as in {len(unreadable)} of {len(written)} cues")
    started = _with_starts(written, findings)
    ordered = _without_copies(_in_order(started, findings), findings)
    return tuple(_timed(cue, following, findings) for cue, following in zip(ordered, [*ordered[1:], None], strict=True))


def _with_starts(written: Sequence[RawCue], findings: Findings) -> list[RawCue]:
    """Gives a cue without a readable beginning the end of the cue before it."""
    last = 0
    started = []
    for cue in written:
        if cue.start is None:
            findings.note(cue.place, f"times cannot be read; put at {in_words(last)}")
            cue = replace(cue, start=last, end=None)
        last = max(cue.start or 0, cue.end or 0)
        started.append(cue)
    return started


def _in_order(cues: list[RawCue], findings: Findings) -> list[RawCue]:
    latest = 0
    for cue in cues:
        if _start(cue) < latest:
            findings.note(cue.place, f"begins at {in_words(_start(cue))}, before the cue above it; moved to its place")
        latest = max(latest, _start(cue))
    return sorted(cues, key=_start)


def _without_copies(cues: list[RawCue], findings: Findings) -> list[RawCue]:
    """Leaves out what is written twice, words and times alike, as files with several layers have it."""
    kept: list[RawCue] = []
    for cue in cues:
        same_start = takewhile(lambda each, start=cue.start: each.start == start, reversed(kept))  # type: ignore[misc]
        if any((each.end, each.text) == (cue.end, cue.text) for each in islice(same_start, 10)):
            findings.note(cue.place, "the same words at the same times as before; left out")
        else:
            kept.append(cue)
    return kept


def _timed(cue: RawCue, following: RawCue | None, findings: Findings) -> Cue:
    start, end = _start(cue), cue.end
    room = _start(following) - start if following and _start(following) > start else None
    if end is None or end <= start:
        length = max(SHORTEST, len(cue.text) * MILLISECONDS_PER_LETTER)
        end = start + (length if room is None else min(length, room))
        findings.note(cue.place, f"does not end after it begins; ends at {in_words(end)} now")
    elif room is not None and end > start + room:
        end = start + room
        findings.note(cue.place, f"overlaps the next cue; ends at {in_words(end)} now")
    return Cue(start, end, cue.text)


def _start(cue: RawCue) -> int:
    return cue.start or 0
