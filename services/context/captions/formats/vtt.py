"""WebVTT: identifiers, and blocks that are a NOTE, STYLE or REGION, are not said."""

import re
from collections.abc import Iterator, Sequence

from services.context.captions.blocks import Block, arrow_times, blocks, loose_times
from services.context.captions.findings import Findings, line
from services.context.captions.model import RawCue

_NOT_SAID = re.compile(r"NOTE(?:\s|$)|(?:STYLE|REGION)\s*$")
Paragraph = tuple[int, list[str]]


def read_vtt(text: str, findings: Findings) -> Iterator[RawCue]:
    if not text.lstrip()[:6].upper().startswith("WEBVTT"):
        findings.note("line 1", "no WEBVTT at the beginning; read all the same")
    parts = list(blocks(text, arrow_times, loose_times))
    has_identifiers = len(parts) > 1 and _has_identifier(parts[0])
    for block, following in zip(parts, [*parts[1:], None], strict=True):
        if following is not None:
            _take_identifier(block, has_identifiers, findings)
        if block.is_timed:
            yield block.raw_cue(_said(block, findings), findings)
        else:
            _tell_of_strays(block, findings)


def _has_identifier(head: Block) -> bool:
    """Whether a line stands right above the first times that is not the file's own first."""
    last = head.lines[-1].strip() if head.lines else ""
    return bool(last) and not last.upper().startswith("WEBVTT")


def _take_identifier(block: Block, has_identifiers: bool, findings: Findings) -> None:
    """The line right above the next times, where a blank line stands above it or it is the number of a cue."""
    while len(block.lines) > 1 and block.lines[-2].strip().isdecimal() and not block.lines[-1].strip():
        # A number is one with a blank line below it, too.
        del block.lines[-1]
    if not block.lines or not block.lines[-1].strip():
        return
    last = block.lines[-1].strip()
    if len(block.lines) > 1 and not block.lines[-2].strip():
        may_be_said = block.is_timed and not has_identifiers and not last.isdecimal()
        if may_be_said and not any(written.strip() for written in block.lines[:-1]):
            # Where the first cue has no identifier, the only line under times is what is said then.
            return
        del block.lines[-1]
    elif has_identifiers and last.isdecimal():
        findings.note(block.place_of(len(block.lines) - 1), "no blank line before the number of the next cue")
        del block.lines[-1]


def _said(block: Block, findings: Findings) -> list[str]:
    """The words under the times, and those behind a blank line that belong to no other cue."""
    said: list[str] = []
    for at, written in _paragraphs(block.lines):
        if at and _NOT_SAID.match(written[0]):
            continue
        if at and block.lines[at - 1] == "":
            told = "a blank line between the times and the words" if not said else "a blank line within the words"
            findings.note(block.place_of(at), f"{told}; read as one cue")
        said += [""] * (at > 0 and not said) + written
    return said


def _tell_of_strays(block: Block, findings: Findings) -> None:
    strays = [at for at, written in _paragraphs(block.lines)[1:] if not _NOT_SAID.match(written[0])]
    if strays:
        findings.note(line(strays[0] + 1), "neither a cue nor a block of WebVTT; left out")


def _paragraphs(lines: Sequence[str]) -> list[Paragraph]:
    """The stretches between blank lines, each with the line that it begins at, from 0."""
    found: list[Paragraph] = []
    is_open = False
    for at, written in enumerate(lines):
        if not written.strip():
            is_open = False
        elif is_open:
            found[-1][1].append(written)
        else:
            found.append((at, [written]))
            is_open = True
    return found
