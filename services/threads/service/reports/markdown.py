"""A report as Markdown."""

from collections.abc import Sequence

from services.threads.model import Citation, Findings, Point
from services.threads.service.reports.material import place

WRITTEN = (
    ("What was asked", "asked"),
    ("What is understood", "understood"),
    ("What is still unclear", "unclear"),
    ("Next steps", "next_steps"),
)
EXTRACTED = (
    ("What was asked", "asked"),
    ("What was answered with a source", "understood"),
    ("What was not", "unclear"),
    ("Next steps", "next_steps"),
)
DEGRADED = "> No model wrote this report: it holds the questions, answers and citations of the thread as they are."


def markdown(findings: Findings, *, degraded: bool) -> str:
    """Headings, lists, and links that open each video at its second."""
    parts = [f"# {_inline(findings.title)}", *([DEGRADED] if degraded else []), _inline(findings.summary)]
    for heading, name in EXTRACTED if degraded else WRITTEN:
        points: Sequence[Point] = getattr(findings, name)
        if points:
            parts += [f"## {heading}", "\n".join(_item(point) for point in points)]
    return "\n\n".join(parts) + "\n"


def _item(point: Point) -> str:
    return "\n".join([f"- {_inline(point.text)}", *(f"  - {_cited(citation)}" for citation in point.citations)])


def _cited(citation: Citation) -> str:
    where = _inline(place(citation))
    if citation.start is not None and citation.video_url.startswith(("https://", "http://")):
        where = f"[{where}](<{_address(citation)}>)"
    return f"“{_inline(citation.quote)}” ({where})"


def _address(citation: Citation) -> str:
    url = citation.video_url.replace(">", "%3E").replace("<", "%3C").replace(" ", "%20")
    return f"{url.partition('#')[0]}#t={int(citation.start or 0)}"


def _inline(text: str) -> str:
    """On one line, and without HTML, images or links of its own."""
    return " ".join(text.split()).replace("<", "&lt;").replace("[", "\\[").replace("]", "\\]")
