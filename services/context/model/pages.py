"""Pages of documents: as they are written, and as they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page as a file gives it.

    `unsaid` is the share of its letters whose fonts do not say which letters they are, `pictured` that of the page's
    area that pictures cover.
    """

    text: str
    unsaid: float = 0.0
    pictured: float = 0.0


class PageState(StrEnum):
    """Where the text of a page comes from, or why there is none."""

    TEXT = "text"
    EMPTY = "empty"
    GARBLED = "garbled"
    RECOGNISED = "recognised"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is searched and shown; its text is empty where there is none."""

    number: int
    text: str
    state: PageState = PageState.TEXT

    @property
    def readable(self) -> bool:
        return self.state in (PageState.TEXT, PageState.RECOGNISED)


@dataclass(frozen=True, slots=True)
class PageRemarks:
    """The numbers of those pages of a document that are not as written: without text, unreadable, or recognised."""

    empty: tuple[int, ...] = ()
    garbled: tuple[int, ...] = ()
    recognised: tuple[int, ...] = ()


NO_REMARKS = PageRemarks()


def remarks_of(pages: Sequence[Page]) -> PageRemarks:
    """By the states of the pages."""
    numbers = {state: tuple(page.number for page in pages if page.state is state) for state in PageState}
    return PageRemarks(numbers[PageState.EMPTY], numbers[PageState.GARBLED], numbers[PageState.RECOGNISED])


def ranges(numbers: Sequence[int]) -> str:
    """`3, 5-9`: numbers in their order, as readers write them."""
    parts = list[list[int]]()
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)
