"""Slides of PPTX, by python-pptx: each is a page. Notes are the speaker's, and stay so."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pptx import Presentation
from pptx.exc import PythonPptxError
from pptx.oxml.ns import qn
from pptx.shapes.base import BaseShape
from pptx.shapes.group import GroupShape
from pptx.slide import Slide

from services.context.model.pages import RawPage
from services.context.reading import archives
from services.context.reading.refusals import DAMAGED, UnreadableError, too_many


def read(path: Path, most_pages: int) -> list[RawPage]:
    """Raises UnreadableError."""
    archives.check(path)
    try:
        slides = Presentation(str(path)).slides
        if len(slides) > most_pages:
            raise too_many(len(slides), most_pages, "slides")
        return [RawPage("\n".join(_texts(slide))) for slide in slides]
    except (PythonPptxError, KeyError, ValueError) as error:
        raise UnreadableError(DAMAGED) from error


def _texts(slide: Slide) -> Iterator[str]:
    """Its title first, and then what else it shows, in the order of its drawing."""
    title = slide.shapes.title
    if title is not None:
        yield from _said(title)
    for shape in _flat(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            yield from _said(shape)


def _flat(shapes: Iterable[BaseShape]) -> Iterator[BaseShape]:
    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _flat(shape.shapes)
        else:
            yield shape


def _said(shape: BaseShape) -> Iterator[str]:
    """By paragraphs, wherever in the shape they stand: in its text, in cells of a table."""
    for paragraph in shape._element.iter(qn("a:p")):
        words = "".join(_words(paragraph))
        if words.strip():
            yield words


def _words(paragraph: Iterable[object]) -> Iterator[str]:
    text, line = qn("a:t"), qn("a:br")
    for node in paragraph.iter(text, line):  # type: ignore[attr-defined]
        yield "\n" if node.tag == line else node.text or ""
