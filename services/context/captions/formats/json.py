"""JSON: a list of cues under one of the names that recognisers and players give them, and YouTube's json3."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.context.captions.findings import Findings, line, refused
from services.context.captions.formats.youtube import is_json3, json3_cues
from services.context.captions.model import RawCue
from services.context.captions.stamps import LONGEST, is_too_slow, milliseconds, within_reason

LISTS = ("cues", "segments", "transcript", "transcription", "captions", "utterances", "body", "events", "objects")
STARTS = ("start", "startTime", "start_time", "from", "begin", "offset")
ENDS = ("end", "endTime", "end_time", "to")
LENGTHS = ("duration", "dur")
# Names that say their unit, milliseconds.
EXACT_STARTS = ("startMs", "start_ms", "startTimeMs", "start_time_ms", "tStartMs", "offsetMs", "offset_ms")
EXACT_ENDS = ("endMs", "end_ms", "endTimeMs", "end_time_ms")
EXACT_LENGTHS = ("durationMs", "duration_ms", "dDurationMs", "durMs")
TEXTS = ("text", "body", "content", "transcript", "caption")
EXPECTED = 'no list of cues, each {"start", "end", "text"}, bare or under `cues`, `segments` or `transcription`'
_BEGINNING = re.compile(r'\s*(?:\{\s*["}]|\[\s*[{\]])')


def read_json(text: str, findings: Findings) -> Iterator[RawCue]:
    content = parsed(text)
    if isinstance(content, dict):
        if is_json3(content):
            return json3_cues(content["events"])
        if columns := _columns(content):
            content = columns
    return _cues(_items(content), findings)


def looks_like_json(text: str) -> bool:
    """Whether the text begins as a list or object of JSON does, rather than with `[music]`."""
    return bool(_BEGINNING.match(text))


def parsed(text: str) -> Any:
    """Raises InvalidArgument that names the line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise refused(line(error.lineno), f"not JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise refused("line 1", "not JSON that could be captions") from error


def _items(content: Any) -> list[Any]:
    if isinstance(content, dict):
        content = next((content[name] for name in LISTS if isinstance(content.get(name), list)), None)
    if not isinstance(content, list):
        raise refused("line 1", EXPECTED)
    return content


def _columns(content: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The cues of `{"start": [ms], "end": [ms], "text": []}`."""
    lists = [content.get(name) for name in ("start", "end", "text")]
    if not all(isinstance(each, list) for each in lists):
        return None
    return [{"offsets": {"from": start, "to": end}, "text": text} for start, end, text in zip(*lists, strict=False)]


def _cues(items: Sequence[Any], findings: Findings) -> Iterator[RawCue]:
    unit = _unit(items, findings)
    for number, item in enumerate(items, 1):
        place = f"cue {number}"
        words = _first(item, TEXTS)
        if isinstance(item, dict) and isinstance(words, list):
            words = " ".join(str(each.get("text", "")) for each in words if isinstance(each, dict))
        if isinstance(words, str):
            yield _raw_cue(place, item, words, unit)
        else:
            findings.note(place, "no text; left out")


def _unit(items: Sequence[Any], findings: Findings) -> int:
    """Milliseconds to what times without a unit count: seconds, unless nobody could speak as slowly."""
    lengths = [_whole_length(item) for item in items[:1000]]
    whole = [length for length in lengths if length is not None]
    letters = sum(len(str(_first(item, TEXTS))) for item in items[:1000])
    if len(whole) < len(lengths) or not is_too_slow(letters, sum(whole)):
        return 1000
    findings.note("cue 1", "times that must be milliseconds; read as such")
    return 1


def _whole_length(item: Any) -> int | None:
    """How long a cue lasts, if its times are whole numbers that a video could have."""
    start, end, length = (_first(item, names) for names in (STARTS, ENDS, LENGTHS))
    if not _is_whole(start):
        return None
    if _is_whole(end):
        return int(end - start)
    return length if end is None and _is_whole(length) else None


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) < LONGEST


def _raw_cue(place: str, item: dict[str, Any], words: str, unit: int) -> RawCue:
    # whisper.cpp's offsets are milliseconds.
    offsets = item.get("offsets")
    if isinstance(offsets, dict):
        return RawCue(place, _moment(offsets.get("from"), 1), _moment(offsets.get("to"), 1), words)
    start, end = _either(item, STARTS, EXACT_STARTS, unit), _either(item, ENDS, EXACT_ENDS, unit)
    length = _either(item, LENGTHS, EXACT_LENGTHS, unit)
    if end is None and start is not None and length is not None:
        end = start + length
    return RawCue(place, start, end, words)


def _either(item: dict[str, Any], names: Sequence[str], exact: Sequence[str], unit: int) -> int | None:
    value = _first(item, exact)
    return _moment(_first(item, names), unit) if value is None else _moment(value, 1)


def _first(item: Any, names: Sequence[str]) -> Any:
    if not isinstance(item, dict):
        return None
    return next((item[name] for name in names if item.get(name) is not None), None)


def _moment(value: object, unit: int) -> int | None:
    if isinstance(value, str):
        return milliseconds(value) if ":" in value else _moment(_number(value), unit)
    # Held against the longest before it is counted with: larger numbers fit no float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LONGEST:
        return None
    return within_reason(round(value * unit))


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
