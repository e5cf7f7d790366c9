"""From a file or text to cues: size, encoding, format, markup, times, in this order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from kit.errors import InvalidArgument, Reason
from services.context.captions.blocks import blocks
from services.context.captions.decoding import cleaned, decode
from services.context.captions.findings import Findings, refused
from services.context.captions.json import looks_like_json, read_json
from services.context.captions.markup import plain
from services.context.captions.raw import RawCue
from services.context.captions.srt import read_srt
from services.context.captions.text import read_text
from services.context.captions.timing import settle
from services.context.captions.vtt import read_vtt
from services.context.model import Cue

LARGEST = 20 * 1024 * 1024
LONGEST_CUE = 5000
# Over a hundred hours of speech.
MOST_CUES = 200_000


class Format(StrEnum):
    VTT = "vtt"
    SRT = "srt"
    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Captions:
    """Cues by time, and what was repaired on the way to them."""

    cues: tuple[Cue, ...]
    warnings: tuple[str, ...]
    format: Format


READERS: dict[Format, Callable[[str, Findings], Iterable[RawCue]]] = {
    Format.VTT: read_vtt,
    Format.SRT: read_srt,
    Format.JSON: read_json,
    Format.TEXT: read_text,
}


def read(source: str | bytes, form: Format | None = None) -> Captions:
    """The cues of captions; `form` None finds the format out. Raises InvalidArgument that names the line."""
    _check_size(source)
    findings = Findings()
    text = cleaned(decode(source, findings) if isinstance(source, bytes) else source, findings)
    form = form or detect(text)
    written = _said(READERS[form](text, findings))
    if not written:
        raise refused("line 1", f"nothing that is said was found; read as {form.upper()}")
    cues = _untimed(written) if form is Format.TEXT else settle(written, findings)
    return Captions(cues, findings.warnings, form)


def detect(text: str) -> Format:
    """The format that a text is written in."""
    if text.lstrip().startswith("WEBVTT"):
        return Format.VTT
    if looks_like_json(text):
        return Format.JSON
    return Format.SRT if next(blocks(text), None) else Format.TEXT


def _check_size(source: str | bytes) -> None:
    size = len(source) if isinstance(source, bytes) else len(source.encode("utf-8", "replace"))
    if size > LARGEST:
        raise InvalidArgument(
            f"The transcript has {size:,} bytes; {LARGEST:,} are the most.", Reason.TOO_LARGE, field="transcript"
        )


def _said(written: Iterable[RawCue]) -> list[RawCue]:
    """The cues that have words, without markup."""
    said = [replace(cue, text=words) for cue in islice(written, MOST_CUES + 1) if (words := plain(cue.text))]
    if len(said) > MOST_CUES:
        raise InvalidArgument(f"The transcript has more than {MOST_CUES:,} cues.", Reason.TOO_LARGE, field="transcript")
    for cue in said:
        if len(cue.text) > LONGEST_CUE:
            raise refused(cue.place, f"a cue of {len(cue.text):,} letters is no caption; {LONGEST_CUE:,} are the most")
    return said


def _untimed(written: list[RawCue]) -> tuple[Cue, ...]:
    return tuple(Cue(None, None, cue.text) for cue in written)
