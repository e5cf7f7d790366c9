"""Pages of PDFs, by pdfium."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from math import pi
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

from services.context.model.pages import RawPage
from services.context.reading import pypdf_pages
from services.context.reading.refusals import DAMAGED, ENCRYPTED, UnreadableError, too_many
from services.context.reading.right_to_left import spaced

# So many letters of a page tell which way it is turned, and whether its fonts say their letters.
FEW, MANY = 60, 400
# Pictures may lie in forms within forms; what lies deeper than a few is no scan.
DEEPEST_FORM = 4
# A page that is listed, but is not there.
LOST = RawPage("")
# The object that a PDF's end names, where the end is cut off.
CATALOG = re.compile(rb"(\d{1,9})\s+(\d{1,5})\s+obj\b(?:(?!endobj).){0,4000}?/Type\s*/Catalog\b", re.DOTALL)


def read(path: Path, most_pages: int) -> list[RawPage]:
    """Its pages; what pdfium does not open, even mended, pypdf may."""
    whole = _opened(path)
    document = whole or _mended(path)
    if document is None:
        return pypdf_pages.read(path, most_pages)
    with closing(document):
        if len(document) > most_pages:
            raise too_many(len(document), most_pages)
        if not len(document):
            raise UnreadableError(DAMAGED)
        pages = list(_pages(document))
    lost = whole is None or any(page is LOST for page in pages)
    if lost and not any(page.text.strip() for page in pages):
        raise UnreadableError(DAMAGED)
    return pages


def opened(path: Path) -> pypdfium2.PdfDocument | None:
    """As it is, or with its end mended; None where pdfium cannot; raises UnreadableError where it has a password."""
    return _opened(path) or _mended(path)


def _opened(file: Path | bytes) -> pypdfium2.PdfDocument | None:
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise UnreadableError(ENCRYPTED) from error
        return None


def _mended(path: Path) -> pypdfium2.PdfDocument | None:
    """The document with an end that names its catalog, from which pdfium finds the rest; None where there is none."""
    content = path.read_bytes()
    catalogs = CATALOG.findall(content)
    if not catalogs:
        return None
    number, generation = catalogs[-1]
    end = b"\ntrailer << /Root %b %b R >>\nstartxref\n0\n%%%%EOF\n" % (number, generation)
    return _opened(content + end)


def _pages(document: pypdfium2.PdfDocument) -> Iterator[RawPage]:
    for index in range(len(document)):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:  # one page that is not there leaves the others
            yield LOST
            continue
        with closing(page):
            yield _page(page)


def _page(page: pypdfium2.PdfPage) -> RawPage:
    page.set_rotation(0)
    text = page.get_textpage()
    if turned := _turned(text):
        text.close()
        page.set_rotation(turned)
        text = page.get_textpage()
    with closing(text):
        return RawPage(_text(text), _unsaid(text), _pictured(page))


def _text(text: pypdfium2.PdfTextPage) -> str:
    said = text.get_text_range(errors="replace") if text.count_chars() else ""
    return spaced(text, said).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _turned(text: pypdfium2.PdfTextPage) -> int:
    """How far most of its letters are turned: lines come in their order where the page is turned as they are."""
    angles = Counter[int]()
    for at in _sample(text.count_chars(), FEW):
        angle = raw.FPDFText_GetCharAngle(text, at)
        if angle >= 0:
            angles[round(angle / (pi / 2)) % 4 * 90] += 1
    return angles.most_common(1)[0][0] if angles else 0


def _unsaid(text: pypdfium2.PdfTextPage) -> float:
    """The share of its letters whose fonts do not say which letters they are."""
    letters = [at for at in _sample(text.count_chars(), MANY) if raw.FPDFText_IsGenerated(text, at) == 0]
    unsaid = sum(raw.FPDFText_HasUnicodeMapError(text, at) == 1 for at in letters)
    return unsaid / len(letters) if letters else 0.0


def _sample(count: int, wanted: int) -> range:
    return range(0, count, max(1, count // wanted))


def _pictured(page: pypdfium2.PdfPage) -> float:
    """The share of the page that pictures cover, where none lies on another."""
    width, height = page.get_size()
    covered = 0.0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=DEEPEST_FORM):
        try:
            left, bottom, right, top = picture.get_bounds()
        except pypdfium2.PdfiumError:
            continue
        covered += max(0.0, min(right, width) - max(left, 0.0)) * max(0.0, min(top, height) - max(bottom, 0.0))
    return min(1.0, covered / (width * height)) if width and height else 0.0
