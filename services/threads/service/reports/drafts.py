"""What a model may write as a report, and what it wrote, checked against the thread that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit.writing.drafts import Unusable, draft_in, whole
from services.threads.model import Citation, Findings, Point
from services.threads.service.reports.material import plain
from services.threads.service.titles import title_of

SECTIONS = {"asked": "asked", "understood": "understood", "unclear": "unclear", "nextSteps": "next_steps"}
MAX_POINTS = 12
TEXT_LENGTH = 600


def schema_of(citations: int) -> dict[str, Any]:
    """The schema of a report on material with so many citations."""
    number: dict[str, Any] = {"type": "integer"}
    if citations:
        number["enum"] = list(range(1, citations + 1))
    point = whole({"text": {"type": "string"}, "citations": {"type": "array", "items": number}})
    sections = {name: {"type": "array", "items": point} for name in SECTIONS}
    return whole({"title": {"type": "string"}, "summary": {"type": "string"}, **sections})


def findings_in(written: str, citations: Sequence[Citation]) -> Findings:
    """The findings that a model wrote; raises Unusable."""
    draft = draft_in(written, schema_of(len(citations)))
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
