"""Sections of HTML, by lxml: what a reader would see of it, under its headings."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from services.context.model.pages import RawPage
from services.context.reading.decoding import decode
from services.context.reading.refusals import DAMAGED, UnreadableError
from services.context.reading.sections import DEEPEST_HEADING, Sections

_UNSEEN = "script style noscript template svg iframe object head nav select option button textarea"
_WITHIN_LINES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp small span "
    "strike strong sub sup time tt u var wbr img"
)
UNSEEN, WITHIN_LINES = frozenset(_UNSEEN.split()), frozenset(_WITHIN_LINES.split())
HEADINGS = frozenset(f"h{level}" for level in range(1, DEEPEST_HEADING + 1))
SEPARATED = frozenset({"td", "th"})


def read(path: Path, most_pages: int) -> list[RawPage]:
    """Raises UnreadableError where there is nothing to see."""
    return sections_of(decode(path.read_bytes()), most_pages)


def sections_of(source: str, most: int) -> list[RawPage]:
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError as error:
        raise UnreadableError(DAMAGED) from error
    sections = Sections(most)
    for heading, text in _blocks(root):
        if heading:
            sections.heading(text)
        else:
            sections.block(text)
    return sections.pages()


def _blocks(root: html.HtmlElement) -> Iterator[tuple[bool, str]]:
    """Whether it is a heading, and its words; lines of what is set as typed stay."""
    heading, typed, words = False, 0, list[str]()

    def ended() -> Iterator[tuple[bool, str]]:
        text = "".join(words)
        words.clear()
        if text.strip():
            yield heading, text

    walker = etree.iterwalk(root, events=("start", "end"))
    for event, node in walker:
        tag = str(node.tag)
        unseen = tag in UNSEEN or node.get("hidden") is not None
        if event == "start" and unseen:
            # Its end comes all the same, and with it the words that follow it.
            walker.skip_subtree()
            continue
        if tag not in WITHIN_LINES and tag not in SEPARATED and tag != "br":
            yield from ended()
            heading = event == "start" and tag in HEADINGS
        if tag == "pre" and not unseen:
            typed += 1 if event == "start" else -1
        if event == "start":
            words.append("\n" if tag == "br" else " " if tag in SEPARATED else "")
            words.append(_flow(node.text, typed))
        else:
            words.append(_flow(node.tail, typed))
    yield from ended()


def _flow(text: str | None, typed: int) -> str:
    """As browsers do: runs of spaces are one."""
    if not text or typed:
        return text or ""
    inner = " ".join(text.split())
    return f"{' ' if text[0].isspace() else ''}{inner}{' ' if inner and text[-1].isspace() else ''}"
