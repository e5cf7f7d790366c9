"""A list of `{"start", "end", "text"}`, times in seconds or as stamps, bare or under `cues` or `segments`."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from services.context.captions.findings import Findings, line, refused
from services.context.captions.raw import RawCue
from services.context.captions.stamps import milliseconds, within_reason

LISTS = ("cues", "segments", "transcript")
_BEGINNING = re.compile(r'\s*(?:\{\s*["}]|\[\s*[{\]])')


def read_json(text: str, findings: Findings) -> Iterator[RawCue]:
    for number, item in enumerate(_items(text), 1):
        place = f"cue {number}"
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            yield _raw_cue(place, item)
        else:
            findings.note(place, "no text; left out")


def looks_like_json(text: str) -> bool:
    """Whether the text begins as a list or object of JSON does, rather than with `[music]`."""
    return bool(_BEGINNING.match(text))


def _items(text: str) -> list[Any]:
    content = _parsed(text)
    if isinstance(content, dict):
        content = next((content[name] for name in LISTS if isinstance(content.get(name), list)), None)
    if not isinstance(content, list):
        raise refused("line 1", "no list of cues, bare or under `cues` or `segments`")
    return content


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise refused(line(error.lineno), f"not JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise refused("line 1", "not JSON that could be captions") from error


def _raw_cue(place: str, item: dict[str, Any]) -> RawCue:
    start = _moment(item.get("start"))
    end = _moment(item.get("end"))
    length = _moment(item.get("duration"))
    if end is None and start is not None and length is not None:
        end = start + length
    return RawCue(place, start, end, item["text"])


def _moment(value: object) -> int | None:
    if isinstance(value, str):
        return milliseconds(value) if ":" in value else _moment(_number(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return within_reason(round(value * 1000))


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
