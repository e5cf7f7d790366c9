"""SubRip: words go on after a blank line, up to the number of the next cue."""

from collections.abc import Iterator

from services.context.captions.blocks import Block, arrow_times, blocks, loose_times, untimed
from services.context.captions.findings import Findings
from services.context.captions.model import RawCue


def read_srt(text: str, findings: Findings) -> Iterator[RawCue]:
    parts = list(blocks(text, arrow_times, loose_times))
    numbers = _Numbers(findings)
    for block, following in zip(parts, [*parts[1:], None], strict=True):
        numbers.take(block, is_last=following is None)
        if block.is_timed:
            yield block.raw_cue(block.lines, findings)
        else:
            yield from untimed(block, findings)


class _Numbers:
    """Takes the numbers of cues off the ends of the blocks before them."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._last: int | None = None

    def take(self, block: Block, *, is_last: bool) -> None:
        at = next((at for at in range(len(block.lines) - 1, -1, -1) if block.lines[at].strip()), -1)
        written = block.lines[at].strip() if at >= 0 else ""
        if not (written.isdecimal() and len(written) < 10):
            return
        is_under_a_blank = not block.lines[at - 1].strip() if at else not block.is_timed
        touches_the_times = at == len(block.lines) - 1
        if self._is_number(block, int(written), is_under_a_blank, touches_the_times and not is_last):
            if block.is_timed and (is_last or not is_under_a_blank):
                self._findings.note(block.place_of(at), _REASON[is_last])
            self._last = int(written)
            del block.lines[at:]

    def _is_number(self, block: Block, number: int, is_under_a_blank: bool, is_above_times: bool) -> bool:
        """Of a file without numbers a line of digits is what is said, unless a blank line stands above it."""
        if not block.is_timed:
            return True
        if is_above_times:
            return is_under_a_blank or self._last is not None
        return is_under_a_blank and bool(block.lines) and number == (self._last or 0) + 1 and self._last is not None


_REASON = {
    False: "no blank line before the number of the next cue",
    True: "the number of a cue that is not there; left out",
}
