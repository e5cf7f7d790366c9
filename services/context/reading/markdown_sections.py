"""Sections of Markdown, by markdown-it: its words without their marks, under its headings."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from services.context.model.pages import RawPage
from services.context.reading.decoding import decode
from services.context.reading.sections import DEEPEST_HEADING, Sections

# What tools keep of a text above it.
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^>]*>", re.DOTALL)
HEADINGS = frozenset(f"h{level}" for level in range(1, DEEPEST_HEADING + 1))


def read(path: Path, most_pages: int) -> list[RawPage]:
    source = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(_FRONT_MATTER.sub("", source))
    sections, heading = Sections(most_pages), False
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            heading = token.type == "heading_open" and token.tag in HEADINGS
        elif heading and token.type == "inline":
            sections.heading(_inline(token))
        else:
            sections.block(_block(token))
    return sections.pages()


def _block(token: Token) -> str:
    if token.type == "inline":
        return _inline(token)
    if token.type in ("fence", "code_block"):
        return token.content
    return _TAG.sub(" ", token.content) if token.type == "html_block" else ""


def _inline(token: Token) -> str:
    return "".join(_words(token.children or ()))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "code_inline"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "image":
            yield from _words(token.children or ())
