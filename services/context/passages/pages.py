"""The text of pages as a reader sees it: words whole again, without what stands on every page."""

import re
from collections import Counter
from collections.abc import Sequence

# So many lines at the top and at the bottom may be headers and footers.
EDGE = 1
FEWEST_PAGES = 4
REPEATED_SHARE = 0.6
_HYPHENATED = re.compile(r"(?<=\w)[-\u00ad\u2010]\n(?=[a-z\u00df-\u00ff])")
_NUMBER = re.compile(r"\d+")


def cleaned(pages: Sequence[str]) -> list[str]:
    """The pages, as many as before, each as one line of text."""
    lines = [[line.strip() for line in page.splitlines() if line.strip()] for page in pages]
    running = _running_lines(lines)
    return [_flowing(_body(page, running)) for page in lines]


def _running_lines(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Headers and footers, which differ by their numbers alone."""
    if len(pages) < FEWEST_PAGES:
        return frozenset()
    seen = Counter(shape for page in pages for shape in {_shape(line) for line in _edges(page)})
    return frozenset(shape for shape, count in seen.items() if count >= len(pages) * REPEATED_SHARE)


def _edges(page: Sequence[str]) -> Sequence[str]:
    return [*page[:EDGE], *page[max(EDGE, len(page) - EDGE) :]]


def _body(page: Sequence[str], running: frozenset[str]) -> Sequence[str]:
    last = len(page) - EDGE
    return [line for at, line in enumerate(page) if EDGE <= at < last or _shape(line) not in running]


def _shape(line: str) -> str:
    return _NUMBER.sub("#", line)


def _flowing(lines: Sequence[str]) -> str:
    return " ".join(_HYPHENATED.sub("", "\n".join(lines)).split())
