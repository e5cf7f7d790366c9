"""Tables with a row for each cue, as Whisper and editors export them: milliseconds, seconds or stamps."""

import csv
from collections.abc import Iterator

from services.context.captions.findings import Findings, line, refused
from services.context.captions.model import RawCue
from services.context.captions.stamps import is_too_slow, milliseconds, seconds_in, within_reason

_STARTS = frozenset({"start", "begin", "from", "start time", "start_time", "starttime", "in", "timecode in"})
_ENDS = frozenset({"end", "to", "end time", "end_time", "endtime", "out", "timecode out"})
_TEXTS = frozenset({"text", "words", "transcript", "subtitle", "caption", "content", "dialogue", "target"})
_DELIMITERS = "\t,;"


def looks_like_table(text: str) -> bool:
    return _delimiter(text) is not None


def read_table(text: str, findings: Findings) -> Iterator[RawCue]:
    delimiter = _delimiter(text)
    if delimiter is None:
        raise refused(line(1), "no row that names the columns start, end and text")
    try:
        # Tabs part what has no quotes around it: in it a quote is a quote.
        lines = text.strip("\n").split("\n")
        if delimiter == "\t":
            reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
        else:
            reader = csv.reader(lines, delimiter=delimiter)
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise refused(line(1), f"not a table: {error}") from error
    columns = _columns(rows[0][1])
    return _cues(rows[1:], columns, delimiter) if columns else iter(())


def _cues(rows: list[tuple[int, list[str]]], columns: tuple[int, int, int], delimiter: str) -> Iterator[RawCue]:
    start, end, words = columns
    in_milliseconds = _in_milliseconds([row for _, row in rows if len(row) > max(columns)], columns)
    for number, row in rows:
        values = [*row, *[""] * (max(columns) + 1 - len(row))]
        # In the last column what was not quoted may hold the delimiter.
        said = values[words] if words < max(columns) else delimiter.join(values[words:])
        yield RawCue(line(number), _moment(values[start], in_milliseconds), _moment(values[end], in_milliseconds), said)


def _in_milliseconds(rows: list[list[str]], columns: tuple[int, int, int]) -> bool:
    """Whether all times are whole numbers, and too large for seconds of speech."""
    start, end, words = columns
    times = [(row[start].strip(), row[end].strip()) for row in rows]
    if not all(each.isdecimal() and len(each) < 12 for pair in times for each in pair if each):
        return False
    length = sum(int(one[1]) - int(one[0]) for one in times if all(one))
    return length <= 0 or is_too_slow(sum(len(row[words]) for row in rows), length)


def _moment(written: str, in_milliseconds: bool) -> int | None:
    written = written.strip()
    if in_milliseconds:
        return within_reason(int(written)) if written.isdecimal() and len(written) < 12 else None
    return milliseconds(written) if ":" in written else seconds_in(written)


def _delimiter(text: str) -> str | None:
    head = text.lstrip("\n").partition("\n")[0]
    if len(head) > 500:
        return None
    return next((each for each in _DELIMITERS if _columns(next(csv.reader([head], delimiter=each), []))), None)


def _columns(head: list[str]) -> tuple[int, int, int] | None:
    """The places of start, end and text."""
    names = [name.strip().lower() for name in head]
    found = [next((at for at, name in enumerate(names) if name in known), -1) for known in (_STARTS, _ENDS, _TEXTS)]
    return (found[0], found[1], found[2]) if min(found) >= 0 else None
