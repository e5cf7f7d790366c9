"""Sections in the place of pages, for documents that have none."""

from services.context.model.pages import RawPage
from services.context.reading.refusals import too_many

# About what stands on a page; what is longer under one heading is cut between its paragraphs.
LONGEST_SECTION = 4000
DEEPEST_HEADING = 3


class Sections:
    """Blocks of text in their order; a heading begins a section."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sections: list[list[str]] = [[]]
        self._length = 0
        self._headed = False

    def heading(self, text: str) -> None:
        """Headings that follow one another, as a title and a subtitle, stand in one section."""
        if not self._headed:
            self.begin()
        self.block(text)
        self._headed = True

    def block(self, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if self._length and self._length + len(text) > LONGEST_SECTION and not self._headed:
            self.begin()
        self._sections[-1].append(text)
        self._length += len(text)
        self._headed = False

    def begin(self) -> None:
        """Whatever comes next is of a new section."""
        if self._sections[-1]:
            self._sections.append([])
            self._length = 0
        if len(self._sections) > self._most:
            raise too_many(len(self._sections), self._most, "sections")

    def pages(self) -> list[RawPage]:
        return [RawPage("\n".join(blocks)) for blocks in self._sections if blocks]
