"""The letters of text files, whatever they were encoded in."""

import codecs
import re

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a page of the web says of itself within its first bytes.
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
DECLARED_WITHIN = 2048


def decode(source: bytes) -> str:
    """By its mark; else as UTF-8 where it is that; else as it says of itself; else by Windows' western code page."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if source.startswith(mark):
            return source[len(mark) :].decode(encoding, errors="replace")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        return source.decode(_declared(source[:DECLARED_WITHIN]), errors="replace")


def _declared(head: bytes) -> str:
    found = _DECLARED.search(head)
    if found is None:
        return "cp1252"
    try:
        return codecs.lookup(found[1].decode()).name
    except LookupError:
        return "cp1252"
