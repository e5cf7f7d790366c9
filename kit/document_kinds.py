"""Which kind of document a file is, by its bytes: what its name says is held against them, never believed alone."""

import io
import re
import zipfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import PurePath

from kit.errors import InvalidArgument, Reason

# So much of a file's beginning and of its end tells what it is: the list of a zip's files stands at its end.
HEAD_BYTES = 64 * 1024
TAIL_BYTES = 256 * 1024

PDF_MAGIC = b"%PDF-"
# Readers take a PDF whose first bytes are not its own, as mail systems leave them.
PDF_WITHIN = 1024
ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
READ = "PDF, PPTX, DOCX, Markdown or HTML"

_HTML = re.compile(
    # Possessive throughout: what was taken for a comment is never tried as anything else.
    rb"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s++html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MARKDOWN_NAMES = (".md", ".markdown", ".mdown", ".mkd")
_HTML_NAMES = (".html", ".htm", ".xhtml", "")
_PARTS = re.compile(rb"word/document|ppt/presentation|ppt/slides/")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class DocumentKind(StrEnum):
    """What is read, by the ending that its files usually have."""

    PDF = "pdf"
    PPTX = "pptx"
    DOCX = "docx"
    MARKDOWN = "md"
    HTML = "html"

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self]


CONTENT_TYPES = {
    DocumentKind.PDF: "application/pdf",
    DocumentKind.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    DocumentKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    DocumentKind.MARKDOWN: "text/markdown",
    DocumentKind.HTML: "text/html",
}


def kind_of(name: str, head: bytes, tail: bytes, field: str = "") -> DocumentKind:
    """The kind of the file with these first and last bytes; raises InvalidArgument that names it where it is none."""
    if PDF_MAGIC in head[:PDF_WITHIN]:
        return DocumentKind.PDF
    if head.startswith(ZIP_MAGIC):
        return _office_kind(name, _listed(head, tail), field)
    if head.startswith(OLE_MAGIC):
        raise _refused(name, "is encrypted, or of an Office before 2007; save it as PPTX, DOCX or PDF", field)
    ending = PurePath(name).suffix.lower()
    text = _without_mark(head)
    if _HTML.match(text):
        if ending not in _HTML_NAMES:
            raise _refused(name, "is a web page; those are read under names that end in .html", field)
        return DocumentKind.HTML
    if ending in _MARKDOWN_NAMES and text.strip() and not _CONTROLS.search(text):
        return DocumentKind.MARKDOWN
    if ending == ".pdf":
        raise _refused(name, "is not a PDF", field)
    raise _refused(name, f"is not a PDF, nor any other that is read: {READ}", field)


def _office_kind(name: str, listed: Sequence[str], field: str) -> DocumentKind:
    for part in listed:
        if part.startswith("word/document"):
            return DocumentKind.DOCX
        if part.startswith(("ppt/presentation", "ppt/slides/")):
            return DocumentKind.PPTX
    raise _refused(name, f"is an archive, but neither PPTX nor DOCX; {READ} is read", field)


def _listed(head: bytes, tail: bytes) -> Sequence[str]:
    """The names of a zip's files, by its list, so that those of a zip within it are not taken for its own.

    Where the list is cut off, what looks like names of Office in what is there of it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(tail)) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return [found.decode() for found in sorted(_PARTS.findall(head + tail), reverse=True)]


def _without_mark(head: bytes) -> bytes:
    """UTF-16 without the zeros of its Latin letters: enough to see what it begins with."""
    for mark in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head[len(mark) :].replace(b"\x00", b"")
    return head


def _refused(name: str, why: str, field: str) -> InvalidArgument:
    return InvalidArgument(f"{name or 'the file'} {why}", Reason.DOCUMENT_UNREADABLE, field=field)
