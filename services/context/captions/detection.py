"""Which format a text is written in, and which formats are refused by name."""

import re
from collections.abc import Callable
from itertools import islice

from services.context.captions.blocks import times_with_words
from services.context.captions.findings import Findings, line, refused
from services.context.captions.formats.json import looks_like_json
from services.context.captions.formats.lrc import has_arrows, looks_stamped
from services.context.captions.formats.microdvd import FRAMES, TENTHS
from services.context.captions.formats.sbv import comma_times
from services.context.captions.formats.table import looks_like_table
from services.context.captions.model import Format

OTHERS = "save it as WebVTT, SubRip or TTML"
_ROOT = re.compile(
    # Possessive: what stands before the root is read in one way only.
    r"(?:\s++|<\?xml[^>]*+>|<!--(?:(?!-->).)*+-->|<!DOCTYPE[^>]*+>)*+<([A-Za-z_][\w.-]*+:)?+([A-Za-z_][\w.-]*+)",
    re.DOTALL,
)
_ROOTS = {
    "tt": Format.TTML,
    "transcript": Format.YOUTUBE_XML,
    "timedtext": Format.YOUTUBE_XML,
    "sami": Format.SAMI,
}
_SECTION = re.compile(r"^\[(?:Script Info|(Events))\]", re.MULTILINE | re.IGNORECASE)
_EVENT = re.compile(
    r"^Dialogue:[^,\n]{0,60},\s{0,9}[0-9]{1,3}:[0-9]{2}:[0-9]{2}[.,:][0-9]{1,3}\s{0,9},", re.MULTILINE | re.IGNORECASE
)
# What begins a file of a format that is not read.
_REFUSED_BYTES = (
    (b"%PDF-", "a PDF, which is uploaded as a document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a compressed file; unpack it first"),
    (b"\x1aE\xdf\xa3", "a video (Matroska)"),
    (b"PG", "PGS, whose captions are pictures"),
    (b"\x00\x00\x01\xba", "VobSub, whose captions are pictures"),
)
_REFUSED_TEXTS = (
    ("Scenarist_SCC", f"Scenarist closed captions (SCC); {OTHERS}"),
    ("File Format=MacCaption", f"MacCaption closed captions (MCC); {OTHERS}"),
    ("# VobSub", "VobSub, whose captions are pictures"),
    ("{QTtext", f"QuickTime text; {OTHERS}"),
    ("{\\rtf", "a text of a word processor (RTF)"),
    ("$FontName", f"Spruce subtitles (STL); {OTHERS}"),
    ("//Font select", f"Spruce subtitles (STL); {OTHERS}"),
    ("@ This file written with the Avid", f"Avid captions; {OTHERS}"),
    ("*PART 1*", f"CPC captions; {OTHERS}"),
    ("@@", f"JACOsub; {OTHERS}"),
)
_EBU_STL = re.compile(rb"[0-9]{3}STL[0-9]{2}\.[0-9]{2}")
_FRAMED = re.compile(
    r"\s*(?:[0-9]+[:.]?\s+)?[0-9]{2}:[0-9]{2}:[0-9]{2}[:;][0-9]{2}[\s,]+[0-9]{2}:[0-9]{2}:[0-9]{2}[:;][0-9]{2}"
)
_MARKUP = frozenset(["b", "i", "u", "s", "c", "v", "p", "font", "span", "br", "em", "strong", "ruby", "lang"])


def refuse_foreign_bytes(source: bytes) -> None:
    """Raises InvalidArgument for a file that is no text, by the name of its format."""
    if _EBU_STL.match(source):
        raise refused(line(1), f"EBU STL is not read; {OTHERS}")
    for beginning, name in _REFUSED_BYTES:
        if source.startswith(beginning) and (beginning != b"PG" or b"\x00" in source[:13]):
            raise refused(line(1), f"this is {name}, not a transcript")


def detect(text: str) -> Format:
    """The format that a text is written in. Raises InvalidArgument for one that is known and not read."""
    head = text.lstrip()
    _refuse_foreign(head)
    if head[:6].upper() == "WEBVTT":
        return Format.VTT
    if looks_like_json(text):
        return Format.JSON
    if head.startswith("<") and (form := _of_root(head)):
        return form
    if _has_events(text):
        return Format.ASS
    return next((form for form, is_it in _BY_LINES if is_it(text)), Format.TEXT)


def settled(given: Format, text: str, findings: Findings) -> Format:
    """The given format, or the one that the text plainly is written in."""
    found = detect(text)
    if found is given or not _is_plain(given, found, text):
        return given
    findings.note(line(1), f"given as {given.label}, written as {found.label}; read as that")
    return found


def _is_plain(given: Format, found: Format, text: str) -> bool:
    if found is Format.TEXT:
        return False
    if (given, found) == (Format.VTT, Format.SRT):
        # Without its first line WebVTT looks like SubRip, but for the comma.
        return any("," in times[0] for written in text.split("\n") if (times := times_with_words(written)))
    if given is Format.TEXT:
        return found not in (Format.LRC, Format.TABLE) or (found is Format.LRC and has_arrows(text))
    return True


def _refuse_foreign(head: str) -> None:
    for beginning, name in _REFUSED_TEXTS:
        if head.startswith(beginning):
            raise refused(line(1), f"this is {name}")
    framed = sum(bool(_FRAMED.match(written)) for written in head[:20_000].split("\n"))
    if framed >= 2:
        raise refused(line(1), f"lines with two times that count frames, as editing systems export them; {OTHERS}")


def _of_root(head: str) -> Format | None:
    root = _ROOT.match(head[:5000])
    if root is None:
        return None
    name = root[2].lower()
    if name in _ROOTS:
        return _ROOTS[name]
    closes = head.rstrip().lower().endswith(f"</{(root[1] or '').lower()}{name}>")
    if name not in _MARKUP and (closes or head.startswith("<?xml") or head[:9].lower() == "<!doctype"):
        kind = "a web page" if name == "html" else f"XML with the root <{root[2]}>"
        raise refused(line(1), f"this is {kind}, none of the captions that are read; {OTHERS}")
    return None


def _has_events(text: str) -> bool:
    """One line that begins as an event does may be prose; under the name of a section, or twice, it is none."""
    section, events = _SECTION.search(text), list(islice(_EVENT.finditer(text), 2))
    return len(events) > 1 or bool(section and (events or not section[1]))


def _has(times: Callable[[str], object]) -> Callable[[str], bool]:
    return lambda text: any(times(written) for written in text.split("\n"))


def _begins_with_cue(text: str) -> bool:
    first = text.lstrip().partition("\n")[0].strip()
    return bool(FRAMES.fullmatch(first) or TENTHS.fullmatch(first))


_BY_LINES: tuple[tuple[Format, Callable[[str], bool]], ...] = (
    (Format.SRT, _has(times_with_words)),
    (Format.SBV, _has(comma_times)),
    (Format.MICRODVD, _begins_with_cue),
    (Format.TABLE, looks_like_table),
    (Format.LRC, looks_stamped),
)
