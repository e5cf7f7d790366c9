"""WebVTT: what follows a blank line is an identifier or a NOTE, STYLE or REGION, and is not said."""

from collections.abc import Iterator

from services.context.captions.blocks import blocks
from services.context.captions.findings import Findings
from services.context.captions.raw import RawCue


def read_vtt(text: str, findings: Findings) -> Iterator[RawCue]:
    if not text.lstrip().startswith("WEBVTT"):
        findings.note("line 1", "no WEBVTT at the beginning; read all the same")
    for block in blocks(text):
        yield block.raw_cue()
