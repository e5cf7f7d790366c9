"""What a model may write as a report, and what it wrote, checked against the thread that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema
import orjson

from services.threads.model import Citation, Findings, Point
from services.threads.service.reports.material import plain
from services.threads.service.titles import title_of

SECTIONS = {"asked": "asked", "understood": "understood", "unclear": "unclear", "nextSteps": "next_steps"}
MAX_POINTS = 12
TEXT_LENGTH = 600


class Unusable(Exception):
    """What was written is no report on this thread; the message says why, for the next attempt."""


def schema_of(citations: int) -> dict[str, Any]:
    """The schema of a report on material with so many citations."""
    number: dict[str, Any] = {"type": "integer"}
    if citations:
        number["enum"] = list(range(1, citations + 1))
    point = _object({"text": {"type": "string"}, "citations": {"type": "array", "items": number}})
    sections = {name: {"type": "array", "items": point} for name in SECTIONS}
    return _object({"title": {"type": "string"}, "summary": {"type": "string"}, **sections})


def findings_in(written: str, citations: Sequence[Citation]) -> Findings:
    """The findings that a model wrote; raises Unusable."""
    try:
        draft = orjson.loads(_unfenced(written))
        jsonschema.validate(draft, schema_of(len(citations)))
    except orjson.JSONDecodeError as error:
        raise Unusable("it was not JSON") from error
    except jsonschema.ValidationError as error:
        raise Unusable(f"it did not follow the schema at {error.json_path}") from error
    sections = {field: _points(draft[name], citations) for name, field in SECTIONS.items()}
    if not (plain(draft["title"]) and plain(draft["summary"]) and sections["asked"]):
        raise Unusable("it lacks a title, a summary or what was asked")
    _check_sense([point for points in sections.values() for point in points], citations)
    return Findings(title_of(plain(draft["title"])), plain(draft["summary"])[: 2 * TEXT_LENGTH], **sections)


def _check_sense(points: Sequence[Point], citations: Sequence[Citation]) -> None:
    """Small models follow a schema with one sentence for everything; that is no report."""
    if len({point.text.casefold() for point in points}) < len(points):
        raise Unusable("it says the same thing twice")
    if citations and not any(point.citations for point in points):
        raise Unusable("it rests on none of the citations")


def _points(points: Sequence[Mapping[str, Any]], citations: Sequence[Citation]) -> tuple[Point, ...]:
    found = []
    for point in points[:MAX_POINTS]:
        numbers = [number for number in dict.fromkeys(point["citations"]) if 1 <= number <= len(citations)]
        if len(numbers) < len(set(point["citations"])):
            raise Unusable("it cites what the thread does not hold")
        if text := plain(point["text"])[:TEXT_LENGTH]:
            found.append(Point(text, tuple(citations[number - 1] for number in numbers)))
    return tuple(found)


def _unfenced(text: str) -> str:
    """Without the code fence that models like to put around JSON."""
    text = text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    return text


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
