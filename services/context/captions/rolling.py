"""Rolling captions: what still stands on screen from the caption before is not said again.

Live captions, and those that YouTube makes by itself, show a line once while it is spoken and again while the next one
is: `one` / `one, two` / `two, three`. Files made of them say each line two or three times. Whether a file rolls is seen
by the whole of it, since a speaker may well say a line twice: where it does not roll, nothing is taken away.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.context.captions.findings import Findings
from services.context.captions.markup import plain
from services.context.captions.model import RawCue
from services.context.captions.stamps import milliseconds

# A caption that is shown no longer only settles what was said. In milliseconds.
SETTLING = 60
# Screens are cleared in longer pauses.
LONGEST_GAP = 1000
# Screens of captions have fifteen rows at most; a longer list of lines does not roll.
MOST_ROWS = 40
_WORD_TIME = re.compile(r"<([0-9]{1,3}(?::[0-9]{2}){1,2}[.,][0-9]{1,3})>")


@dataclass(frozen=True, slots=True)
class _Screen:
    """A caption by its lines; `timed` of them have the times of their words, which are being spoken now."""

    cue: RawCue
    rows: tuple[str, ...]
    raw: tuple[str, ...]
    first_timed: int
    begins_blank: bool

    @property
    def settles(self) -> bool:
        length = (self.cue.end or 0) - (self.cue.start or 0)
        return 0 < length <= SETTLING


@dataclass(frozen=True, slots=True)
class _Rolled:
    """How much of a screen stood on the one before: whole rows, and letters of the row behind them."""

    rows: int = 0
    letters: int = 0

    def __bool__(self) -> bool:
        return bool(self.rows or self.letters)


def said_once(cues: Sequence[RawCue], findings: Findings) -> list[RawCue]:
    """The cues, of a rolling file with each line where its first word is spoken."""
    screens = [_screen(cue) for cue in cues]
    rolled = [_Rolled(), *map(_rolled, screens, screens[1:])]
    if not _rolls(screens, rolled):
        return list(cues)
    at = next(at for at, each in enumerate(rolled) if each)
    count = sum(map(bool, rolled))
    findings.note(
        cues[at].place, f"rolling captions; {count} of them repeat what stands on screen, each line is kept once"
    )
    return list(_kept(screens, rolled))


def _screen(cue: RawCue) -> _Screen:
    lines = cue.text.split("\n")
    raw = tuple(line for line in lines if line.strip())
    timed = next((at for at, line in enumerate(raw) if _WORD_TIME.search(line)), len(raw))
    begins_blank = len(lines) > 1 and not lines[0].strip() and bool(raw)
    return _Screen(cue, tuple(map(plain, raw)), raw, timed, begins_blank)


def _rolled(before: _Screen, screen: _Screen) -> _Rolled:
    """What of a screen stood on the one before and is not spoken now."""
    if not before.rows or not screen.rows or screen.begins_blank or not _follows(before.cue, screen.cue):
        return _Rolled()
    if max(len(before.rows), len(screen.rows)) > MOST_ROWS:
        return _Rolled()
    most = min(len(before.rows), len(screen.rows), screen.first_timed)
    for count in range(most, 0, -1):
        if before.rows[-count:] == screen.rows[:count]:
            # Of a line that is said again and again the last one is new.
            is_new = count == len(screen.rows) > 1 and len(set(screen.rows)) == 1 and not screen.settles
            return _Rolled(count - is_new)
    return _grown(before, screen)


def _grown(before: _Screen, screen: _Screen) -> _Rolled:
    """Rows of which the last has more words now."""
    for count in range(min(len(before.rows), len(screen.rows)), 0, -1):
        last, grown = before.rows[-1], screen.rows[count - 1]
        if before.rows[-count:-1] == screen.rows[: count - 1] and grown.startswith(f"{last} "):
            return _Rolled(count - 1, len(last))
    return _Rolled()


def _follows(before: RawCue, cue: RawCue) -> bool:
    if before.start is None or before.end is None or cue.start is None:
        return False
    return before.start <= cue.start <= before.end + LONGEST_GAP


def _rolls(screens: Sequence[_Screen], rolled: Sequence[_Rolled]) -> bool:
    """Whether most captions that follow another repeat it, with a sign that no speaker gives."""
    following = sum(_follows(one.cue, other.cue) for one, other in itertools.pairwise(screens))
    if not following or sum(map(bool, rolled)) * 2 < following:
        return False
    pairs = list(zip(screens, rolled, strict=True))
    has_word_times = any(screen.first_timed < len(screen.raw) for screen in screens)
    settles = any(screen.settles and each.rows == len(screen.rows) for screen, each in pairs)
    goes_on = sum(bool(each) and each.rows < len(screen.rows) for screen, each in pairs)
    return has_word_times or settles or goes_on >= 2


def _kept(screens: Sequence[_Screen], rolled: Sequence[_Rolled]) -> Iterator[RawCue]:
    kept: RawCue | None = None
    for screen, each in zip(screens, rolled, strict=True):
        rows = list(screen.raw[each.rows :])
        if each.letters:
            rows[0] = screen.rows[each.rows][each.letters :]
        if rows or not each:
            if kept:
                yield kept
            kept = replace(
                screen.cue, text="\n".join(rows), start=_start(screen.cue, rows) if each else screen.cue.start
            )
        elif kept:
            kept = replace(kept, end=max(kept.end or 0, screen.cue.end or 0))
    if kept:
        yield kept


def _start(cue: RawCue, rows: Sequence[str]) -> int | None:
    """Where the first word of these rows is spoken."""
    found = _WORD_TIME.match(rows[0].strip()) if rows else None
    moment = milliseconds(found[1]) if found else None
    return moment if moment is not None and (cue.start or 0) <= moment < (cue.end or moment + 1) else cue.start
