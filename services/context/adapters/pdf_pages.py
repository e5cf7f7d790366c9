"""Reads a PDF in a process of its own: bytes on stdin, the text of its pages, or why there is none, as JSON on stdout.

`python -m services.context.adapters.pdf_pages MEMORY_BYTES CPU_SECONDS MOST_PAGES`
"""

import io
import json
import logging
import resource
import sys
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError

# Of a page that was scanned, what is found is a stamp or a page number.
FEWEST_LETTERS_PER_PAGE = 16
TOO_HEAVY = "takes too much memory or time to read"


class UnreadableError(Exception):
    """Why there is no text."""


def main(memory: int, seconds: int, most_pages: int) -> None:
    logging.disable(logging.CRITICAL)  # pypdf tells of each flaw that it repairs
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(_answer(most_pages), sys.stdout)


def _answer(most_pages: int) -> dict[str, Any]:
    try:
        return {"pages": _pages(sys.stdin.buffer.read(), most_pages)}
    except UnreadableError as error:
        return {"unreadable": str(error)}
    except (MemoryError, RecursionError):
        return {"unreadable": TOO_HEAVY}
    except PyPdfError as error:
        # A limit of pypdf's is what keeps a bomb from being unpacked.
        heavy = type(error).__name__ == "LimitReachedError"
        return {"unreadable": TOO_HEAVY if heavy else "is damaged"}
    except Exception:  # whatever a broken file makes the parser stumble over
        return {"unreadable": "is damaged"}


def _pages(content: bytes, most_pages: int) -> list[str]:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableError("is encrypted; upload it without a password")
    count = len(reader.pages)
    if count > most_pages:
        raise UnreadableError(f"has {count:,} pages; at most {most_pages:,} are read")
    pages = [_text(page) for page in reader.pages]
    if sum(sum(map(str.isalnum, page)) for page in pages) < FEWEST_LETTERS_PER_PAGE * max(1, count):
        raise UnreadableError("has no text: it seems to be scanned; run it through text recognition first")
    return pages


def _text(page: PageObject) -> str:
    text = page.extract_text()
    if not text and (contents := page.get_contents()) is not None:
        contents.get_data()  # where it is too large to be unpacked, this says so
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # fonts may map to half a character


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
