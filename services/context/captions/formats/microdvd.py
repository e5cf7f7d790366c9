"""MicroDVD, whose times are numbers of frames, and MPL2, whose times are tenths of a second."""

import re
from collections.abc import Iterator

from services.context.captions.findings import Findings, line, refused
from services.context.captions.model import RawCue
from services.context.captions.stamps import within_reason

FRAMES = re.compile(r"\{([0-9]{1,9})\}\{([0-9]{0,9})\}(.*)")
TENTHS = re.compile(r"\[([0-9]{1,9})\]\[([0-9]{0,9})\](.*)")
_RATE = re.compile(r"\s*([0-9]{2,3}(?:[.,][0-9]{1,6})?)\s*")
_CODE = re.compile(r"\{[A-Za-z]:[^{}]*\}")


def read_microdvd(text: str, findings: Findings) -> Iterator[RawCue]:
    rate = 0.0
    for number, written in enumerate(text.split("\n"), 1):
        if not (found := FRAMES.fullmatch(written.strip()) or TENTHS.fullmatch(written.strip())):
            if written.strip():
                findings.note(line(number), "no cue; left out")
            continue
        start, end, words = found.groups()
        if found.re is TENTHS:
            rate = 10.0
        elif not rate:
            rate = _rate(number, words)
            continue
        yield _cue(number, start, end, words, rate)


def _rate(number: int, words: str) -> float:
    """The frames to a second, which the first line says."""
    found = _RATE.fullmatch(words)
    if found is None:
        raise refused(
            line(number), "MicroDVD counts frames, and the file does not say how many a second has; save it as SubRip"
        )
    return float(found[1].replace(",", "."))


def _cue(number: int, start: str, end: str, words: str, rate: float) -> RawCue:
    rows = [row.removeprefix("/") for row in _CODE.sub("", words).split("|")]
    return RawCue(line(number), _moment(start, rate), _moment(end, rate), "\n".join(rows))


def _moment(frames: str, rate: float) -> int | None:
    return within_reason(round(int(frames) / rate * 1000)) if frames else None
