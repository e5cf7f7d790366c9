"""Captions whose cues are a line of times with lines of words under it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from services.context.captions.findings import Findings, line
from services.context.captions.model import RawCue
from services.context.captions.stamps import STAMP, in_words, milliseconds, plain_digits, seconds_in

LONGEST_TIMES = 20_000
_ARROWS = r"(?:-{1,3}\s?(?:>|&gt;)|=>|[—–]>|→)"
_TIMES = re.compile(rf"({STAMP})\s*{_ARROWS}\s*({STAMP})(?!\S)\s*(.*)")
_PLAIN = re.compile(r"(?:[0-9]{1,3}:)?[0-9]{1,3}:[0-5]?[0-9](?:[.,:](?!1000$)[0-9]{1,9})?")
# What stands where times must stand and looks like them, but is none.
_BROKEN = re.compile(rf"([0-9]+\s?[:.,][^\s<>]*)\s*{_ARROWS}\s*(\S*)\s*(.*)")
# Settings that are known, with white space about their colons too, and others without: `line: of code` is said.
_SIDE = r"start|center|middle|end|left|right"
_SETTINGS = re.compile(
    r"(?:(?:vertical\s{0,9}:\s{0,9}(?:rl|lr)"
    r"|(?:line|position|size)\s{0,9}:\s{0,9}-?[0-9.]{1,20}\s?%?(?:\s?,\s?[a-z-]{1,20})?"
    rf"|align\s{{0,9}}:\s{{0,9}}(?:{_SIDE})|region\s{{0,9}}:\s{{0,9}}\S+|[XY][12]\s{{0,9}}:\s{{0,9}}-?[0-9]{{1,9}}"
    r"|[A-Za-z][A-Za-z0-9-]{0,40}:\S+)(?=\s|$)\s*+)++"
)
# Times in the middle of words have to look like it; those that stand where times must stand need not.
_FORMED = re.compile(r"(?:[0-9]{1,3}:)?[0-9]{2,3}:[0-9]{2}|.*[.,][0-9]+", re.DOTALL)

Times = Callable[[str], tuple[str, str, str] | None]
"""Start, end and what follows them of a line of times; None of any other line."""


@dataclass(slots=True)
class Block:
    """A line of times and the lines up to the next one; without times, what stands before the first."""

    number: int
    start: str = ""
    end: str = ""
    lines: list[str] = field(default_factory=list)
    is_odd: bool = False
    doubts: list[int] = field(default_factory=list)

    @property
    def is_timed(self) -> bool:
        return bool(self.start or self.end)

    def place_of(self, at: int) -> str:
        """The place of one of its lines, from 0."""
        return line(self.number + at + 1 if self.is_timed else at + 1)

    def raw_cue(self, words: list[str], findings: Findings) -> RawCue:
        """The cue that these words are of; tells of times that are not written as they should be."""
        if self.is_odd or not (_PLAIN.fullmatch(self.start) and _PLAIN.fullmatch(self.end)):
            start = _moment(self.start)
            if start is not None:
                findings.note(line(self.number), f"times are oddly written; read as {in_words(start)}")
        for at in self.doubts:
            findings.note(self.place_of(at), "an arrow between numbers in the words; kept as words")
        return RawCue(line(self.number), _moment(self.start), _moment(self.end), "\n".join(words))


def blocks(text: str, times: Times, loose: Times | None = None) -> Iterator[Block]:
    """The blocks in the order of the text, first the one without times.

    `loose` is asked of lines at which times must stand: the first, and those under a blank line or a number.
    """
    current, before = Block(0), ""
    for number, written in enumerate(text.split("\n"), 1):
        found = times(written)
        if found is None and loose and (not before or before.isdigit()):
            found = loose(written)
        if found and before and not before.isdigit() and current.is_timed and not _is_believed(found):
            current.doubts.append(len(current.lines))
            found = None
        if found:
            yield current
            start, end, rest = found
            current = Block(number, start, end, [rest] if rest else [], not written.lstrip().startswith(start))
        else:
            current.lines.append(written)
        before = written.strip()
    yield current


def arrow_times(written: str) -> tuple[str, str, str] | None:
    """Of `start --> end settings`, wherever it stands."""
    found = times_with_words(written)
    return None if found is None or found[2] else found


def times_with_words(written: str) -> tuple[str, str, str] | None:
    """Of `start --> end`, with settings or words behind it."""
    if ">" not in written and "→" not in written and "&gt;" not in written:
        return None
    match = _matched(_TIMES, written)
    return (match[1], match[2], _without_settings(match[3])) if match else None


def loose_times(written: str) -> tuple[str, str, str] | None:
    """Of a line where times must stand: with words behind them, or with times that cannot be read."""
    if found := times_with_words(written):
        return found
    match = _matched(_BROKEN, written)
    return (match[1], match[2] or "?", _without_settings(match[3])) if match else None


def untimed(block: Block, findings: Findings) -> Iterator[RawCue]:
    """The words before the first line of times, as a cue without any."""
    if words := [written for written in block.lines if written.strip()]:
        findings.note(line(1), "words before the first times")
        yield RawCue(line(1), None, None, "\n".join(words))


def _matched(grammar: re.Pattern[str], written: str) -> re.Match[str] | None:
    written = written.strip()
    if len(written) > LONGEST_TIMES:
        return None
    return grammar.fullmatch(written) or (None if written.isascii() else grammar.fullmatch(plain_digits(written)))


def _is_believed(found: tuple[str, str, str]) -> bool:
    """Whether times right under words are times, not what is said: `1:2 --> 2:4`."""
    start, end = plain_digits(found[0]).replace(" ", ""), plain_digits(found[1]).replace(" ", "")
    if not (_FORMED.fullmatch(start) and _FORMED.fullmatch(end)):
        return False
    first, last = _moment(start), _moment(end)
    return first is None or last is None or first <= last


def _without_settings(rest: str) -> str:
    return "" if _SETTINGS.fullmatch(rest) else rest


def _moment(stamp: str) -> int | None:
    moment = milliseconds(stamp)
    return seconds_in(stamp) if moment is None else moment
