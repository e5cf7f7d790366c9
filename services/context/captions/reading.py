"""From a file or text to cues: size, encoding, format, markup, times, in this order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from kit.errors import InvalidArgument, Reason
from services.context.captions.decoding import cleaned, decode
from services.context.captions.detection import detect, refuse_foreign_bytes, settled
from services.context.captions.findings import Findings, refused
from services.context.captions.formats.ass import read_ass
from services.context.captions.formats.json import read_json
from services.context.captions.formats.lrc import read_lrc
from services.context.captions.formats.microdvd import read_microdvd
from services.context.captions.formats.sami import read_sami
from services.context.captions.formats.sbv import read_sbv
from services.context.captions.formats.srt import read_srt
from services.context.captions.formats.table import read_table
from services.context.captions.formats.text import read_text
from services.context.captions.formats.ttml import read_ttml
from services.context.captions.formats.vtt import read_vtt
from services.context.captions.formats.youtube import read_youtube_xml
from services.context.captions.markup import plain
from services.context.captions.model import Format, RawCue
from services.context.captions.rolling import said_once
from services.context.captions.timing import settle
from services.context.model import Cue

LARGEST = 20 * 1024 * 1024
LONGEST_CUE = 5000
# Over a hundred hours of speech.
MOST_CUES = 200_000


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
    Format.SBV: read_sbv,
    Format.TTML: read_ttml,
    Format.YOUTUBE_XML: read_youtube_xml,
    Format.ASS: read_ass,
    Format.SAMI: read_sami,
    Format.LRC: read_lrc,
    Format.MICRODVD: read_microdvd,
    Format.TABLE: read_table,
}


def read(source: str | bytes, form: Format | None = None) -> Captions:
    """The cues of captions; `form` None finds the format out. Raises InvalidArgument that names the line."""
    _check_size(source)
    findings = Findings()
    text = cleaned(_decoded(source, findings), findings)
    form = settled(form, text, findings) if form else detect(text)
    written = _written(form, text, findings)
    if len(written) > MOST_CUES:
        raise InvalidArgument(f"The transcript has more than {MOST_CUES:,} cues.", Reason.TOO_LARGE, field="transcript")
    said = _said(written if form is Format.TEXT else said_once(written, findings))
    if not said:
        raise refused("line 1", f"nothing that is said was found; read as {form.label}")
    cues = _untimed(said) if form is Format.TEXT else settle(said, findings)
    return Captions(cues, findings.warnings, form)


def _written(form: Format, text: str, findings: Findings) -> list[RawCue]:
    """The cues as they were written, up to one more than are taken."""
    try:
        return list(islice(READERS[form](text, findings), MOST_CUES + 1))
    except (RecursionError, OverflowError, ValueError) as error:
        raise refused("line 1", f"cannot be read as {form.label}") from error


def _decoded(source: str | bytes, findings: Findings) -> str:
    if isinstance(source, str):
        return source
    refuse_foreign_bytes(source)
    return decode(source, findings)


def _check_size(source: str | bytes) -> None:
    size = len(source) if isinstance(source, bytes) else len(source.encode("utf-8", "replace"))
    if size > LARGEST:
        raise InvalidArgument(
            f"The transcript has {size:,} bytes; {LARGEST:,} are the most.", Reason.TOO_LARGE, field="transcript"
        )


def _said(written: Iterable[RawCue]) -> list[RawCue]:
    """The cues that have words, without markup."""
    said = [replace(cue, text=words) for cue in written if (words := plain(cue.text))]
    for cue in said:
        if len(cue.text) > LONGEST_CUE:
            raise refused(cue.place, f"a cue of {len(cue.text):,} letters is no caption; {LONGEST_CUE:,} are the most")
    return said


def _untimed(written: list[RawCue]) -> tuple[Cue, ...]:
    return tuple(Cue(None, None, cue.text) for cue in written)
