"""Pages of DOCX, by python-docx: as Word saw them when it saved, else by breaks of pages, else sections."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx import Document
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml import etree

from services.context.model.pages import RawPage
from services.context.reading import archives
from services.context.reading.refusals import DAMAGED, UnreadableError, too_many
from services.context.reading.sections import DEEPEST_HEADING, Sections

# What an older program would show in the place of what stands beside it, and what was deleted or moved elsewhere.
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
UNSEEN = frozenset({FALLBACK, qn("w:del"), qn("w:moveFrom")})
MATHEMATICS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
RENDERED, BREAK, PARAGRAPH = qn("w:lastRenderedPageBreak"), qn("w:br"), qn("w:p")
SIGNS = {qn("w:tab"): " ", qn("w:noBreakHyphen"): "-", qn("w:softHyphen"): "\u00ad", qn("w:cr"): "\n"}
PAGE_BREAK = "\f"


def read(path: Path, most_pages: int) -> list[RawPage]:
    """Raises UnreadableError."""
    archives.check(path)
    try:
        document = Document(str(path))
    except (OpcError, KeyError, ValueError, etree.XMLSyntaxError) as error:
        raise UnreadableError(DAMAGED) from error
    body = document.element.body
    breaks = _breaks(body)
    if not breaks:
        levels = {style.style_id: _level(style.name or "") for style in document.styles if style.style_id}
        return _sections(body, levels, most_pages)
    pages = "\n".join(words for _, words in _paragraphs(body, breaks)).split(PAGE_BREAK)
    if len(pages) > most_pages:
        raise too_many(len(pages), most_pages)
    return [RawPage(page) for page in pages]


def _breaks(body: Any) -> str:
    """Which element ends a page: Word marks each page that it saw, besides those that an author began."""
    if any(node.tag == RENDERED for node in _seen(body)):
        return RENDERED
    return BREAK if any(node.tag == BREAK and _ends_page(node) for node in _seen(body)) else ""


def _ends_page(node: Any) -> bool:
    return bool(node.get(qn("w:type")) == "page")


def _sections(body: Any, levels: dict[str, int], most: int) -> list[RawPage]:
    sections = Sections(most)
    for style, words in _paragraphs(body, ""):
        if 0 < levels.get(style, 0) <= DEEPEST_HEADING:
            sections.heading(words)
        else:
            sections.block(words)
    return sections.pages()


def _level(style: str) -> int:
    """Of a style's name, which Word keeps in English in every language: 1 for `heading 1` and for a title."""
    name = style.lower()
    if name.startswith("heading ") and name[8:].isdigit():
        return int(name[8:])
    return 1 if name == "title" else 0


def _paragraphs(body: Any, breaks: str) -> Iterator[tuple[str, str]]:
    """Each paragraph's style and words, with a sign where a page ends."""
    for paragraph in _seen(body):
        if paragraph.tag != PARAGRAPH:
            continue
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        yield ("" if style is None else style.get(qn("w:val"), "")), "".join(_words(paragraph, breaks))


def _words(paragraph: Any, breaks: str) -> Iterator[str]:
    """Its own words; those of paragraphs within, as in a box beside it, come with these."""
    for node in _seen(paragraph, apart=PARAGRAPH):
        if node.tag in (qn("w:t"), MATHEMATICS):
            yield node.text or ""
        elif node.tag == breaks and (node.tag == RENDERED or _ends_page(node)):
            yield PAGE_BREAK
        elif node.tag == BREAK:
            yield "\n"
        else:
            yield SIGNS.get(node.tag, "")


def _seen(root: Any, apart: str = "") -> Iterator[Any]:
    """It and what is within it, in order, but for what nobody sees and for what is `apart`, by its tag."""
    walker = etree.iterwalk(root, events=("start",))
    for _, node in walker:
        if node.tag in UNSEEN or (node.tag == apart and node is not root):
            walker.skip_subtree()
        else:
            yield node
