"""What real PDFs give, read in a process of their own."""

from collections.abc import AsyncIterator, Sequence

import pytest

from kit.errors import InvalidArgument, Reason
from services.context.adapters.pdf_reader import SubprocessPdfReader
from services.context.passages.cutting import paged_passages
from services.context.passages.pages import cleaned
from tests.pdfs import a_bomb, a_pdf, a_scan

PAGES = [f"Chapter {n}. A wave of kind {n} carries energy through its medium and leaves it at rest." for n in range(6)]


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


async def read(content: bytes, *, memory_mb: int = 512, seconds: int = 30) -> Sequence[str]:
    return await SubprocessPdfReader(memory_mb=memory_mb, seconds=seconds).pages(pieces(content))


async def test_the_text_of_each_page_is_read() -> None:
    pages = await read(a_pdf(PAGES))
    assert len(pages) == 6
    assert cleaned(pages) == PAGES  # without what stands on every page


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (a_pdf(PAGES[:1], password="secret"), "is encrypted; upload it without a password"),
        (a_scan(), "has no text: it seems to be scanned; run it through text recognition first"),
        (b"%PDF-1.7\n and nothing of what should follow", "is damaged"),
        (a_bomb(300), "takes too much memory or time to read"),
    ],
    ids=["encrypted", "scanned", "damaged", "bomb"],
)
async def test_what_cannot_be_read_says_why(content: bytes, why: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await read(content)
    assert refused.value.reason is Reason.DOCUMENT_UNREADABLE
    assert refused.value.message == f"the document {why}"


async def test_a_reader_that_is_ended_by_its_limits_is_told_of() -> None:
    with pytest.raises(InvalidArgument, match="too much memory or time"):
        await read(a_bomb(60), memory_mb=150)


def test_words_are_whole_again_and_running_lines_are_left_out() -> None:
    pages = [f"Waves and sound {n}\nIn a me-\ndium waves carry\nenergy onward, case {n}.\n{n} / 9" for n in range(1, 9)]
    assert cleaned(pages)[0] == "In a medium waves carry energy onward, case 1."
    assert cleaned(pages[:2])[0].startswith("Waves and sound 1")  # of two pages nothing can be told


def test_a_passage_is_of_the_page_that_most_of_it_is_on() -> None:
    sentence = "This page says something about waves that is worth a sentence of some length."
    pages = [" ".join(f"{sentence} It is on page {n}." for _ in range(8)) for n in range(1, 5)]
    found = paged_passages("waves", "d1", pages)
    assert [passage.page for passage in found] == sorted(passage.page for passage in found)
    assert {passage.page for passage in found} == {1, 2, 3, 4}
    assert all(f"page {passage.page}." in passage.text for passage in found)
    assert len({passage.id for passage in found}) == len(found)
    assert not any(passage.cues or passage.start is not None for passage in found)
