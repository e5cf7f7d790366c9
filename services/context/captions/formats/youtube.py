"""YouTube's own formats: json3, and its XML in three editions.

A text stands on screen until the next one but one needs room.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

from services.context.captions.findings import Findings
from services.context.captions.formats.xml import attribute, literal, local_name, parsed
from services.context.captions.model import RawCue
from services.context.captions.stamps import seconds_in, within_reason


def read_youtube_xml(text: str, findings: Findings) -> Iterator[RawCue]:
    root = parsed(text, findings)
    found = [element for element in root.iter() if local_name(element) in ("text", "p")]
    return cut_at_next(_of_element(number, element) for number, element in enumerate(found, 1))


def json3_cues(events: Iterable[Any]) -> Iterator[RawCue]:
    """The cues of `{"events": [{"tStartMs", "dDurationMs", "segs": [{"utf8"}]}]}`."""
    return cut_at_next(_of_event(number, event) for number, event in enumerate(events, 1) if _is_said(event))


def is_json3(content: dict[str, Any]) -> bool:
    events = content.get("events")
    return isinstance(events, list) and any(isinstance(event, dict) and "tStartMs" in event for event in events)


def cut_at_next(cues: Iterable[RawCue]) -> Iterator[RawCue]:
    """Ends each cue where the next one begins: until then it is shown, not said."""
    said = [cue for cue in cues if cue.text.strip()]
    for cue, following in pairwise([*said, None]):
        if cue is None:
            return
        following_start = following.start if following else None
        if None not in (cue.start, cue.end, following_start) and (cue.start or 0) < (following_start or 0):
            cue = replace(cue, end=min(cue.end or 0, following_start or 0))
        yield cue


def _of_element(number: int, element: Element) -> RawCue:
    if local_name(element) == "text" and "start" in element.attrib:
        # The first edition escapes its words twice, and so keeps the markup of what was uploaded.
        start, length = seconds_in(attribute(element, "start")), seconds_in(attribute(element, "dur"))
        words = "".join(element.itertext())
    else:
        start, length = _whole(attribute(element, "t")), _whole(attribute(element, "d"))
        words = "".join(_words(element))
    return _cue(number, start, length, words)


def _words(element: Element) -> Iterator[str]:
    yield literal(element.text)
    for child in element:
        yield "\n" if local_name(child) == "br" else "".join(_words(child))
        yield literal(child.tail)


def _of_event(number: int, event: dict[str, Any]) -> RawCue:
    segments = [segment for segment in event["segs"] if isinstance(segment, dict)]
    words = "".join(literal(segment.get("utf8")) for segment in segments if isinstance(segment.get("utf8"), str))
    return _cue(number, _whole(event.get("tStartMs")), _whole(event.get("dDurationMs")), words)


def _is_said(event: Any) -> bool:
    return isinstance(event, dict) and isinstance(event.get("segs"), list)


def _cue(number: int, start: int | None, length: int | None, words: str) -> RawCue:
    end = None if start is None or length is None else within_reason(start + length)
    return RawCue(f"cue {number}", start, end, words)


def _whole(value: Any) -> int | None:
    written = str(value).partition(".")[0]
    return within_reason(int(written)) if written.isdecimal() and len(written) < 12 else None
