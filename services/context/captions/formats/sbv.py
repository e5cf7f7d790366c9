"""SBV and SubViewer: `start,end` above the words, a blank line or `[br]` between them."""

import re
from collections.abc import Iterator

from services.context.captions.blocks import Block, blocks, untimed
from services.context.captions.findings import Findings
from services.context.captions.model import RawCue
from services.context.captions.stamps import plain_digits

_STAMP = r"[0-9]{1,3}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]{1,20})?"
_TIMES = re.compile(rf"({_STAMP})\s*,\s*({_STAMP})")
_HEADER = re.compile(r"\[(?:INFORMATION|SUBTITLE|COLF)\]", re.IGNORECASE)


def comma_times(written: str) -> tuple[str, str, str] | None:
    """Of `0:00:01.000,0:00:04.000`."""
    match = _TIMES.fullmatch(plain_digits(written)) if len(written) < 80 and "," in written else None
    return (match[1], match[2], "") if match else None


def read_sbv(text: str, findings: Findings) -> Iterator[RawCue]:
    for block in blocks(text, comma_times):
        if block.is_timed:
            yield block.raw_cue([written.replace("[br]", "\n") for written in block.lines], findings)
        elif not _is_header(block):
            yield from untimed(block, findings)


def _is_header(block: Block) -> bool:
    return any(_HEADER.match(written.strip()) for written in block.lines)
