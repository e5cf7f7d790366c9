"""What the reading process says: JSON in a file, its pages or why there are none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from services.context.model.pages import RawPage
from services.context.reading.refusals import LONGEST_DOCUMENT, LONGEST_PAGE, TOO_LONG, UnreadableError

UNREADABLE = b'{"unreadable":'


def write_pages(path: Path, pages: Sequence[RawPage]) -> None:
    """Raises UnreadableError for more text than is kept."""
    longest = max((len(page.text) for page in pages), default=0)
    if longest > LONGEST_PAGE or sum(len(page.text) for page in pages) > LONGEST_DOCUMENT:
        raise UnreadableError(TOO_LONG)
    rows = [[_whole(page.text), round(page.unsaid, 3), round(page.pictured, 3)] for page in pages]
    path.write_bytes(orjson.dumps({"pages": rows}))


def write_unreadable(path: Path, why: str) -> None:
    path.write_bytes(orjson.dumps({"unreadable": why}))


def read_pages(said: bytes) -> list[RawPage]:
    """Raises UnreadableError with what the process said, ValueError where it did not come to an end."""
    answer: dict[str, Any] = orjson.loads(said)
    if "unreadable" in answer:
        raise UnreadableError(answer["unreadable"])
    return [RawPage(text, unsaid, pictured) for text, unsaid, pictured in answer["pages"]]


def _whole(text: str) -> str:
    """Without halves of characters, which fonts may map to."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
