"""Draws pages of a PDF, for models that read pictures."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from services.context.reading.pdf import opened
from services.context.reading.refusals import DAMAGED, UnreadableError

# In points of the picture: letters of ten points are some twenty high.
LONGEST_SIDE = 2000
LARGEST_SCALE = 3.0


def draw(file: Path, answer: Path, pages: Sequence[str]) -> None:
    """Each page, by its number, into `answer` with that number as its ending, as a grey PNG."""
    document = opened(file)
    if document is None:
        raise UnreadableError(DAMAGED)
    with closing(document):
        for number in pages:
            with closing(document[int(number) - 1]) as page:
                scale = min(LARGEST_SCALE, LONGEST_SIDE / max(1.0, *page.get_size()))
                bitmap = page.render(scale=scale, grayscale=True)
            bitmap.to_pil().save(answer.with_suffix(f".{number}"), "PNG")
    answer.write_bytes(b"{}")
