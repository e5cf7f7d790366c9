"""Pages of PDFs that are cut off, or whose list of objects is lost, by pypdf."""

import logging
from pathlib import Path

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

from services.context.model.pages import RawPage
from services.context.reading.refusals import DAMAGED, ENCRYPTED, TOO_HEAVY, UnreadableError, too_many


def read(path: Path, most_pages: int) -> list[RawPage]:
    """Raises UnreadableError."""
    logging.disable(logging.CRITICAL)  # pypdf tells of each flaw that it repairs
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError(ENCRYPTED)
        count = len(reader.pages)
        if count > most_pages:
            raise too_many(count, most_pages)
        pages = [RawPage(_text(page)) for page in reader.pages]
    except PyPdfError as error:
        # A limit of pypdf's is what keeps a bomb from being unpacked.
        heavy = type(error).__name__ == "LimitReachedError"
        raise UnreadableError(TOO_HEAVY if heavy else DAMAGED) from error
    if not pages:
        raise UnreadableError(DAMAGED)
    return pages


def _text(page: PageObject) -> str:
    text = page.extract_text()
    if not text and (contents := page.get_contents()) is not None:
        contents.get_data()  # where it is too large to be unpacked, this says so
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # fonts may map to half a character
