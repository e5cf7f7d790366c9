"""The text of captions, whatever they were encoded in."""

import codecs

from services.context.captions.findings import Findings, line

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, 0xFEFF])
MISREAD_SIGNS = ("Ã", "â€", "Â ")


def decode(source: bytes, findings: Findings) -> str:
    """The text of a file: by its mark, else UTF-8, else the Windows code page that older captions are written in."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if source.startswith(mark):
            return source[len(mark) :].decode(encoding, errors="replace")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        bad_line = source.count(b"\n", 0, error.start) + 1
        findings.note(line(bad_line), "not UTF-8; read as Windows-1252")
        return source.decode("cp1252", errors="replace")


def cleaned(text: str, findings: Findings) -> str:
    """The text with plain line ends, without control characters, and with misread UTF-8 read again."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    stripped = text.translate(CONTROLS)
    if len(stripped) != len(text):
        findings.note(line(_first_difference(text, stripped)), "control characters left out")
    return _reread(stripped, findings)


def _reread(text: str, findings: Findings) -> str:
    sign = min((at for at in map(text.find, MISREAD_SIGNS) if at >= 0), default=-1)
    if sign < 0:
        return text
    try:
        reread = text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
    findings.note(line(text.count("\n", 0, sign) + 1), "UTF-8 that was read as Windows-1252; read again")
    return reread


def _first_difference(text: str, stripped: str) -> int:
    before, after = text.split("\n"), stripped.split("\n")
    return next(number for number, (one, other) in enumerate(zip(before, after, strict=True), 1) if one != other)
