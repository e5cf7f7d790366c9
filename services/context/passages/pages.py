"""The text of pages as a reader sees it: words whole again, without what stands on every page."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.context.model import Page, PageState, RawPage
from services.context.passages.joining import Hyphens, normal
from services.context.passages.readability import garbled

# So many lines at the top and at the bottom may be headers and footers.
EDGE = 2
FEWEST_PAGES = 4
REPEATED_SHARE = 0.6
# What lies beside a header differs from page to page; where slides are built up line by line, it does not.
SAME_NEIGHBOUR_SHARE = 0.5
# A page that is a picture for the most part is a scan, where its words are those of a stamp.
PICTURED = 0.5
LONGEST_STAMP = 200
FEWEST_STAMPED, FEWEST_STAMPED_PICTURES = 3, 2
_NUMBER = re.compile(r"\d+")
# What says no more than which page this is, `#` being its number.
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|p|pg|slide|seite|folie|pagina|página|side|sida|sivu|strona|strana|oldal|sayfa|trang|стр|страница|с"
    r"|σελίδα|halaman)\W*)?#(?:\s*(?:/|of|von|de|di|sur|av|z|из|από|dari|\|)\s*\d+)?\W*",
    re.IGNORECASE,
)

Lines = Sequence[str]


def cleaned(pages: Sequence[RawPage], *, printed: bool = True) -> list[Page]:
    """The pages, as many as before, each as one line of text; what holds none says why.

    Pages that are `printed` may have running heads and stamps; sections of a text have not.
    """
    broken = garbled(pages)
    lines = [[] if bad else _lines(page.text) for page, bad in zip(pages, broken, strict=True)]
    bodies = _bodies(pages, lines) if printed else lines
    hyphens = Hyphens("\n".join(line for body in bodies for line in body))
    texts = [hyphens.flowing(body) for body in bodies]
    return [_page(number, text, bad) for number, (text, bad) in enumerate(zip(texts, broken, strict=True), 1)]


def _bodies(pages: Sequence[RawPage], lines: Sequence[Lines]) -> Sequence[Lines]:
    stamped = _stamped(pages, lines)
    return _Heads(lines).bodies([[] if stamp else each for each, stamp in zip(lines, stamped, strict=True)])


def _page(number: int, text: str, bad: bool) -> Page:
    if bad:
        return Page(number, "", PageState.GARBLED)
    if any(map(str.isalnum, text)):
        return Page(number, text)
    return Page(number, "", PageState.EMPTY)


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, normal(text).splitlines()) if line]


def _stamped(pages: Sequence[RawPage], lines: Sequence[Lines]) -> list[bool]:
    """Which pages say no more than the others do: the stamp of a library on scans, or a number on each."""
    pictured = [page.pictured >= PICTURED for page in pages]
    said = ["\n".join(each) for each in lines]
    on_pictures = _repeated(
        [_NUMBER.sub("#", text) if picture else "" for text, picture in zip(said, pictured, strict=True)],
        FEWEST_STAMPED_PICTURES,
    )
    anywhere = _repeated([_without_number(number, each) for number, each in enumerate(lines, 1)], FEWEST_STAMPED)
    if all(stamp or not text for stamp, text in zip(anywhere, said, strict=True)):
        return [bool(text) for text in said]
    return on_pictures


def _repeated(texts: Sequence[str], fewest: int) -> list[bool]:
    """Which of them are short and said again and again, where most are."""
    there = Counter(filter(None, texts))
    again = {text for text, count in there.items() if count >= fewest and len(text) <= LONGEST_STAMP}
    most = sum(there[text] for text in again) >= REPEATED_SHARE * max(1, there.total())
    return [most and text in again for text in texts]


def _without_number(number: int, lines: Lines) -> str:
    """What a page says but for its own number, or a sign for what says nothing else."""
    if not lines:
        return ""
    return "\n".join(line for line in lines if not _counts(number, line)) or "#"


def _counts(number: int, line: str) -> bool:
    return any(place == 0 for place, _ in _numbered(number, line))


def _numbered(number: int, line: str) -> Iterator[tuple[int, str]]:
    """How a line may count pages: by how much its number is ahead, and what it says besides."""
    for match in _NUMBER.finditer(line):
        shape = f"{line[: match.start()]}#{line[match.end() :]}"
        if len(match[0]) < 7 and _PAGE_NUMBER.fullmatch(shape):
            yield int(match[0]) - number, shape


@dataclass(frozen=True, slots=True)
class _Place:
    """A line at the edge of a page, and the line beside it towards the middle."""

    page: int
    line: str
    beside: str


class _Heads:
    """Headers and footers: what stands at the edges of most pages while what is beside it differs, and page numbers."""

    def __init__(self, pages: Sequence[Lines]) -> None:
        self._running: frozenset[object] = frozenset()
        if len(pages) < FEWEST_PAGES:
            return
        least = REPEATED_SHARE * sum(map(bool, pages))
        seen, beside = Counter[object](), dict[object, Counter[str]]()
        for number, page in enumerate(pages, 1):
            for key, neighbour in {(key, place.beside) for place in _edges(number, page) for key in _keys(place)}:
                seen[key] += 1
                beside.setdefault(key, Counter())[neighbour] += 1
        self._running = frozenset(
            key
            for key, count in seen.items()
            if count >= max(least, FEWEST_PAGES) and (not isinstance(key, str) or _differs(beside[key]))
        )

    def bodies(self, pages: Sequence[Lines]) -> list[Lines]:
        """The pages without them; a page that has nothing else, such as a slide with a title, keeps them."""
        return [self._body(number, page) or page for number, page in enumerate(pages, 1)]

    def _body(self, number: int, page: Lines) -> Lines:
        first, last = 0, len(page)
        while first < min(EDGE, last) and self._is_running(number, page[first]):
            first += 1
        while last > max(first, len(page) - EDGE) and self._is_running(number, page[last - 1]):
            last -= 1
        return page[first:last]

    def _is_running(self, number: int, line: str) -> bool:
        return any(key in self._running for key in _keys(_Place(number, line, "")))


def _edges(number: int, page: Lines) -> Iterator[_Place]:
    for at in range(min(EDGE, len(page) - 1)):
        yield _Place(number, page[at], page[at + 1])
    for at in range(max(EDGE, len(page) - EDGE), len(page)):
        yield _Place(number, page[at], page[at - 1])


def _keys(place: _Place) -> Iterator[object]:
    yield place.line
    yield from _numbered(place.page, place.line)


def _differs(beside: Counter[str]) -> bool:
    """Two lines of a header stand beside each other on every page; then the second tells."""
    return beside.most_common(1)[0][1] <= max(1, SAME_NEIGHBOUR_SHARE * beside.total())


def recognised(pages: Sequence[Page], texts: Mapping[str, str]) -> list[Page]:
    """The pages with what was read off the pictures of those that have no text, by their numbers."""
    flowing = {int(number): Hyphens(text).flowing(_lines(text)) for number, text in texts.items()}
    return [
        Page(page.number, flowing[page.number], PageState.RECOGNISED)
        if not page.readable and any(map(str.isalnum, flowing.get(page.number, "")))
        else page
        for page in pages
    ]
