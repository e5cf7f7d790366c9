"""Advanced SubStation Alpha, and SubStation Alpha before it: the lines `Dialogue:` of its events."""

import re
from collections.abc import Iterator

from services.context.captions.findings import Findings, line
from services.context.captions.formats.xml import literal
from services.context.captions.model import RawCue
from services.context.captions.stamps import milliseconds

_FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
_BLOCK = re.compile(r"(\{[^{}]*+\})([^{]*+)")
_DRAWING = re.compile(r"\\p[1-9]")
_BREAK = re.compile(r"\\[Nn]")


def read_ass(text: str, findings: Findings) -> Iterator[RawCue]:
    """The words of the events, without drawings."""
    fields, is_in_events = _FIELDS, True
    for number, written in enumerate(text.split("\n"), 1):
        name, colon, rest = written.strip().partition(":")
        if written.lstrip().startswith("["):
            is_in_events = written.strip().lower() == "[events]"
        elif is_in_events and colon and name.lower() == "format":
            fields = [field.strip().lower() for field in rest.split(",")]
        elif is_in_events and colon and name.lower() == "dialogue":
            yield _cue(number, fields, rest, findings)


def _cue(number: int, fields: list[str], rest: str, findings: Findings) -> RawCue:
    values = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
    if "text" not in values:
        findings.note(line(number), "has fewer fields than the line `Format:` names")
    start, end = milliseconds(values.get("start", "")), milliseconds(values.get("end", ""))
    text = values.get("text", rest)
    if comments := [found[1] for found in _BLOCK.finditer(text) if found[1].strip("{} ") and "\\" not in found[1]]:
        findings.note(line(number), f"{comments[0][:80]} is a comment in this format; left out")
    return RawCue(line(number), start, end, _words(text))


def _words(written: str) -> str:
    written = _BLOCK.sub(lambda found: "" if _DRAWING.search(found[1]) else found[2], written)
    return literal(_BREAK.sub("\n", written).replace("\\h", " "))
