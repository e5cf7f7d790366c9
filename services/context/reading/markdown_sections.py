"""Sections of Markdown, by markdown-it: its words without their marks, under its headings."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lxml.html import defs
from markdown_it import MarkdownIt
from markdown_it.token import Token

from services.context.model.pages import RawPage
from services.context.reading.decoding import decode
from services.context.reading.sections import DEEPEST_HEADING, Sections

# What tools keep of a text above it, in YAML: anything else between two rules is the text's own.
_KEY = r"""["']?\w[\w .-]*["']?:(?=[ \t\n])[^\n]*"""
_FRONT_MATTER = re.compile(
    rf"\A---[ \t]*\n(?={_KEY})(?:(?:{_KEY}|[ \t#}}\]][^\n]*|-[ \t][^\n]*|)\n)+?(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_TAG = re.compile(r"<!--.*?-->|<\?.*?\?>|<![A-Za-z][^>]*>|</?([A-Za-z][A-Za-z0-9-]*)[^>]*>", re.DOTALL)
_ELEMENTS = defs.tags | {"bdi", "dialog", "main", "picture", "template"}
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
    return _TAG.sub(_shown, token.content) if token.type == "html_block" else ""


def _shown(tag: re.Match[str]) -> str:
    """Nothing of an element's tag, all of what only looks like one, such as the type in `vector<int>`."""
    name = tag[1] or ""
    # Types are capitalised, or one capital letter: `List<Object>`, `Box<A>`.
    known = name.lower() if name.isupper() and len(name) > 1 else name
    if not name or known in _ELEMENTS:
        return "\n" if known == "br" else " "
    return tag[0]


def _inline(token: Token) -> str:
    return "".join(_words(token.children or ()))


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "code_inline"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "html_inline":
            yield _TAG.sub(_shown, token.content).strip(" ")
        elif token.type == "image":
            yield from _words(token.children or ())
