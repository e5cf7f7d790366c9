"""SubRip: words may go on after a blank line, up to the number of the next cue."""

from collections.abc import Iterator

from services.context.captions.blocks import blocks
from services.context.captions.findings import Findings
from services.context.captions.raw import RawCue


def read_srt(text: str, findings: Findings) -> Iterator[RawCue]:
    for block in blocks(text):
        unclosed = not block.closed and block.words and block.words[-1].strip().isdigit()
        if unclosed and len(block.words) > 1:
            findings.note(f"line {block.number + len(block.words)}", "no blank line before the number of the next cue")
            block.words.pop()
        block.words += [words for words in block.after if not words.strip().isdigit()]
        yield block.raw_cue()
