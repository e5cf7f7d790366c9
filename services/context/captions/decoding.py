"""The text of captions, whatever they were encoded in."""

import codecs
import re

import chardet

from services.context.captions.findings import Findings, line, refused

# The longer marks first: UTF-32 begins as UTF-16 does.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, 0xFEFF])
MISREAD_SIGNS = ("Ã", "â€", "Â ")
LOST = "\ufffd"
# Where so many letters are UTF-8 for each byte that is not, the bytes are the mistake.
MOSTLY = 10
# Too few letters to tell languages by: Western Europe's code page is the most common by far.
FEW = 6
_WESTERN = frozenset(map(chr, range(128))) | frozenset(
    "äöüßÄÖÜéèêëàâçîïôùûœÉÈÊÀÇÔñÑáíóúÁÍÓÚ¿¡ãõåæøÅÆØìòºª’‘“”„«»–—…€§°\xa0"
)
# Of the Web and of ISO; those of mainframes, DOS and old Macs are taken for others' letters.
_ERAS = chardet.EncodingEra.MODERN_WEB | chardet.EncodingEra.LEGACY_ISO
_SAMPLE_BYTES = 64 * 1024
_NOT_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")


def decode(source: bytes, findings: Findings) -> str:
    """The text of a file: by its mark, else as UTF-8, else as what its letters are likely to be written in."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if source.startswith(mark):
            return _marked(source[len(mark) :], encoding, findings)
    if wide := _wide_encoding(source):
        findings.note(line(1), f"{wide.upper()} without a byte order mark")
        return source.decode(wide, errors="replace")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(source, error, findings)


def cleaned(text: str, findings: Findings) -> str:
    """The text with plain line ends, without control characters, and with misread UTF-8 read again."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    stripped = text.translate(CONTROLS)
    if len(stripped) != len(text):
        findings.note(line(_first_difference(text, stripped)), "control characters left out")
    reread = _reread(stripped, findings)
    if lost := reread.count(LOST):
        findings.note(line(_line_at(reread, reread.find(LOST))), f"{lost} letters were lost before; left as they are")
    return reread


def _marked(source: bytes, encoding: str, findings: Findings) -> str:
    try:
        return source.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            return _not_utf8(source, error, findings)
    return source.decode(encoding, errors="replace")


def _wide_encoding(source: bytes) -> str:
    """UTF-16 or UTF-32 by its zeros: digits and line ends have them in every script."""
    sample = source[: 4096 // 4 * 4]
    zeros = [sample[at::4].count(0) * 4 for at in range(4)]
    if sum(zeros) < len(sample) // 4:
        return ""
    many = [count > len(sample) // 5 for count in zeros]
    return {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }.get((many[0], many[1], many[2], many[3]), "")


def _not_utf8(source: bytes, error: UnicodeDecodeError, findings: Findings) -> str:
    place = line(source.count(b"\n", 0, error.start) + 1)
    right = _UTF8_LETTER.findall(source)
    wrong = len(_HIGH.findall(source)) - sum(map(len, right))
    if wrong * MOSTLY <= len(right):
        findings.note(place, f"{wrong} bytes that are not UTF-8; read as Windows-1252")
        return source.decode("utf-8", errors="windows")
    encoding = _likely(source)
    if encoding is None:
        raise refused(place, "neither UTF-8 nor any other encoding that could be found out; save it as UTF-8")
    text = source.decode(encoding, errors="windows" if encoding == "cp1252" else "replace")
    findings.note(place, f"not UTF-8; read as {_NAMES.get(encoding, encoding)}")
    return text


def _likely(source: bytes) -> str | None:
    """What a detector takes the lines for that are not ASCII."""
    sample = b"\n".join(_NOT_ASCII.findall(source))[:_SAMPLE_BYTES]
    is_western = set(sample.decode("cp1252", errors="replace")) <= _WESTERN
    if is_western and len(_HIGH.findall(sample)) < FEW:
        return "cp1252"
    encoding = chardet.detect(sample, encoding_era=_ERAS)["encoding"]
    try:
        name = codecs.lookup(encoding).name if encoding else None
    except LookupError:
        return None
    return _WIDER.get(name, name) if name else None


_NAMES = {"cp1252": "Windows-1252"} | {f"cp125{number}": f"Windows-125{number}" for number in (0, 1, 3, 4, 5, 6, 7, 8)}
# Windows' code pages hold what these name, and the quotes and dashes that are written in their place.
_WIDER = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "ascii": "cp1252"}


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Reads the bytes that another encoding does not know as Windows-1252, and what that leaves open as Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    try:
        return wrong.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return wrong.decode("latin-1"), error.end


codecs.register_error("windows", _as_windows)


def _reread(text: str, findings: Findings) -> str:
    sign = min((at for at in map(text.find, MISREAD_SIGNS) if at >= 0), default=-1)
    if sign < 0:
        return text
    try:
        reread = text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
    findings.note(line(_line_at(text, sign)), "UTF-8 that was read as Windows-1252; read again")
    return reread


def _line_at(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _first_difference(text: str, stripped: str) -> int:
    before, after = text.split("\n"), stripped.split("\n")
    return next(number for number, (one, other) in enumerate(zip(before, after, strict=True), 1) if one != other)
