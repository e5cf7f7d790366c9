"""What real files give, read in a process of their own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence

import pytest

from kit.document_kinds import HEAD_BYTES, TAIL_BYTES, DocumentKind, kind_of
from kit.errors import InvalidArgument, Reason
from services.context.adapters.document_reader import SpawnedDocumentReader
from services.context.adapters.spawned import run_module
from services.context.model import PageState, RawPage
from services.context.passages.pages import cleaned
from services.context.ports import ReadingInterrupted
from tests.office import a_docx, a_pptx, packed, with_part, with_words
from tests.pdfs import a_bomb, a_cipher, a_pdf, a_scan, a_stamped_scan, without_spaces

PAGES = [f"Chapter {n}. A wave of kind {n} carries energy through its medium and leaves it at rest." for n in range(6)]
SECTIONS = [("Waves", "A wave carries energy."), ("Sound", "Sound is a wave of pressure.")]
STUDY = ["Today we study entropy and the second law", "of thermodynamics, which says that", "disorder never falls"] * 4


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


async def read(content: bytes, name: str = "a.pdf", *, memory_mb: int = 512, seconds: int = 30) -> Sequence[RawPage]:
    kind = kind_of(name, content[:HEAD_BYTES], content[-TAIL_BYTES:])
    return await SpawnedDocumentReader(memory_mb=memory_mb, seconds=seconds).pages(kind, pieces(content))


async def test_the_text_of_each_page_is_read() -> None:
    pages = await read(a_pdf(PAGES))
    assert len(pages) == 6
    assert [page.text for page in cleaned(pages)] == PAGES  # without what stands on every page


async def test_words_that_stand_apart_without_a_space_are_words() -> None:
    (page,) = await read(without_spaces(["packages", "that", "should", "be", "included", "by", "default"]))
    assert page.text == "packages that should be included by default"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (a_pdf(PAGES[:1], password="secret"), "is encrypted; upload it without a password"),
        (b"%PDF-1.7\n and nothing of what should follow", "is damaged"),
        (a_bomb(400), "takes too much memory or time to read"),
    ],
    ids=["encrypted", "damaged", "bomb"],
)
async def test_what_cannot_be_read_says_why(content: bytes, why: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await read(content)
    assert refused.value.reason is Reason.DOCUMENT_UNREADABLE
    assert refused.value.message == f"the document {why}"


async def test_a_file_whose_end_is_lost_is_read_as_far_as_it_goes() -> None:
    whole = a_pdf(PAGES)
    listed = whole.rindex(b"xref\n0 ")
    pages = await read(whole[:listed])
    assert [page.text for page in cleaned(pages)] == PAGES


async def test_a_reader_that_is_ended_by_its_limits_is_told_of() -> None:
    with pytest.raises(InvalidArgument, match="too much memory or time"):
        await read(a_bomb(120), memory_mb=150)


async def test_a_reader_that_is_killed_by_another_is_a_reason_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started = os.posix_spawn

    def killed(*arguments: object, **more: object) -> int:
        pid = started(*arguments, **more)  # type: ignore[arg-type]
        os.kill(pid, signal.SIGKILL)
        return pid

    monkeypatch.setattr(os, "posix_spawn", killed)
    with pytest.raises(ReadingInterrupted):
        await read(a_pdf(PAGES))
    monkeypatch.undo()
    assert len(await read(a_pdf(PAGES))) == 6


async def test_a_reading_that_is_given_up_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, begun = asyncio.get_running_loop(), asyncio.Future[int]()
    spawn = os.posix_spawn

    def started(*arguments: object, **more: object) -> int:
        pid = spawn(*arguments, **more)  # type: ignore[arg-type]
        loop.call_soon_threadsafe(begun.set_result, pid)
        return pid

    monkeypatch.setattr(os, "posix_spawn", started)
    task = asyncio.create_task(run_module("timeit", ["while 1: 0"], seconds=60))
    pid = await begun
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_process_says_how_it_ended() -> None:
    ended = await run_module("platform", [], seconds=60)
    assert (ended.status, ended.signal, ended.overdue) == (0, 0, False)
    assert (await run_module("no_such_module", [], seconds=60)).status == 1
    assert (await run_module("timeit", ["while 1: 0"], seconds=0.01)).overdue


async def test_scans_with_a_stamp_hold_no_text_and_other_pages_are_kept() -> None:
    stamped = cleaned(await read(a_stamped_scan(5, "Licensed to Example Library")))
    assert {page.state for page in stamped} == {PageState.EMPTY}
    mixed = cleaned(await read(a_stamped_scan(3, "Licensed to Example Library", with_text=PAGES[:2])))
    assert [page.state for page in mixed] == [PageState.EMPTY] * 3 + [PageState.TEXT] * 2
    assert {page.state for page in cleaned(await read(a_scan()))} == {PageState.EMPTY}


async def test_a_font_that_does_not_say_its_letters_makes_a_cipher() -> None:
    (page,) = cleaned(await read(a_cipher(STUDY)))
    assert (page.state, page.text) == (PageState.GARBLED, "")


async def test_a_slide_is_a_page_and_the_speakers_notes_are_none() -> None:
    pages = await read(a_pptx(SECTIONS, notes="ask about the rope"), "a.pptx")
    assert [page.text for page in pages] == ["Waves\nA wave carries energy.", "Sound\nSound is a wave of pressure."]


async def test_a_docx_has_the_pages_that_its_breaks_make_or_sections() -> None:
    broken = [page.text.split() for page in await read(a_docx(SECTIONS, breaks=True), "a.docx")]
    headed = [page.text.split() for page in await read(a_docx(SECTIONS), "a.docx")]
    assert (
        broken
        == headed
        == [
            ["Waves", *["A", "wave", "carries", "energy."]],
            ["Sound", "Sound", "is", "a", "wave", "of", "pressure.", "a", "cell"],
        ]
    )


async def test_a_box_of_a_docx_is_read_once_and_what_was_moved_away_is_not() -> None:
    def run(words: str) -> str:
        return f"<w:r><w:t>{words}</w:t></w:r>"

    box = f"<w:txbxContent><w:p>{run('beside')}</w:p></w:txbxContent>"
    markup = (
        f"<w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        f"</mc:AlternateContent></w:r><w:moveFrom>{run('elsewhere')}</w:moveFrom><w:moveTo>{run('here')}</w:moveTo>"
    )
    pages = await read(with_words(a_docx([]), markup), "a.docx")
    assert [page.text.split() for page in pages] == [["here", "beside", "a", "cell"]]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("---\n\n# Lecture one\nWaves\n\n---\nSound\n", ["Lecture one\nWaves\nSound"]),
        (
            "---\nA wave: it carries energy.\n\nIt leaves\n\n---\nSound\n",
            ["A wave: it carries energy.\nIt leaves\nSound"],
        ),
        ("---\ntitle: a\ntags:\n  - b\n- c\n\n# remark\n'x y': {\n}\n...\nSound\n", ["Sound"]),
    ],
    ids=["a rule", "rules around a text", "front matter"],
)
async def test_only_front_matter_is_left_out_of_markdown(source: str, said: list[str]) -> None:
    assert [page.text for page in await read(source.encode(), "a.md")] == said


async def test_types_in_the_text_of_markdown_are_no_tags_of_html() -> None:
    source = "A vector<int> x, a List<Object> and a Box<A> are <b>typed</b>.<br>So\n\n<T>\n\n<div>is this</div>\n"
    (page,) = await read(source.encode(), "a.md")
    assert page.text.split("\n") == [
        "A vector<int> x, a List<Object> and a Box<A> are typed.",
        "So",
        "<T>",
        "is this",
    ]


async def test_headings_of_markdown_begin_sections() -> None:
    source = (
        "---\nauthor: x\n---\n# Waves\nA *wave* carries\n`energy`.\n\n## Sound\n- a [wave](x)\n<b>of</b> pressure\n"
    )
    pages = await read(source.encode(), "a.md")
    assert [page.text for page in pages] == ["Waves\nA wave carries\nenergy.", "Sound\na wave\nof pressure"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
async def test_html_is_what_a_reader_sees_of_it(encoding: str) -> None:
    source = (
        "<!DOCTYPE html><html><head><title>t</title></head><body><script>alert(1)</script><h1>Gödel</h1>"
        "<p>A <b>w</b>ave\ncarries.<br>On.</p><style>p {}</style>Then<h2>Sound</h2><pre>a\n  b</pre></body></html>"
    )
    pages = await read(source.encode(encoding), "a.html")
    assert [page.text for page in pages] == ["Gödel\nA wave carries.\nOn.\nThen", "Sound\na\n  b"]


async def test_what_is_hidden_of_html_does_not_change_what_follows_it() -> None:
    (page,) = await read(
        b"<html><body><pre hidden>a\n  b</pre><p>A wave\n  carries.</p><pre>c\n  d</pre></body></html>", "a.html"
    )
    assert page.text == "A wave carries.\nc\n  d"


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
DECLARED = ENTITIES.removeprefix(b'<?xml version="1.0"?>')


def unknown_compression(archive: bytes) -> bytes:
    """The same zip of one file, packed as no library of Python unpacks it: by Deflate64."""
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = archive.index(signature) + place
        archive = archive[:at] + b"\x09\x00" + archive[at + 2 :]
    return archive


async def test_a_comment_in_a_part_of_an_office_file_is_no_declaration() -> None:
    content = with_part(
        a_docx(SECTIONS), "word/x.xml", b"<?xml version='1.0'?>\n<!-- <!DOCTYPE --><x><![CDATA[<!DOCTYPE]]></x>"
    )
    assert len(await read(content, "a.docx")) == 2


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (with_part(a_docx(SECTIONS), "word/x.xml", ENTITIES), "a.docx", "is damaged"),
        (
            with_part(a_pptx(SECTIONS), "ppt/x.xml", b" " * 70_000_000),
            "a.pptx",
            "takes too much memory or time to read",
        ),
        (
            with_part(a_docx(SECTIONS), "word/y.bin", b" " * 540_000_000),
            "a.docx",
            "takes too much memory or time to read",
        ),
        (
            with_part(a_docx(SECTIONS), "word/x.xml", b"<?xml version='1.0'?><!--" + b"-" * 4000 + b"-->" + DECLARED),
            "a.docx",
            "is damaged",
        ),
        (
            with_part(a_docx(SECTIONS), "word/x.xml", b"<!--" + b" " * 90_000 + b"-->" + DECLARED),
            "a.docx",
            "is damaged",
        ),
        (with_part(a_docx(SECTIONS), "word/x.xml", DECLARED.decode().encode("utf-16")), "a.docx", "is damaged"),
        (unknown_compression(packed(["word/document.xml"], b"<x/>")), "a.docx", "is damaged"),
        (a_docx(SECTIONS)[:2000] + b"word/document", "a.docx", "is damaged"),
    ],
    ids=[
        "entities",
        "large xml",
        "zip bomb",
        "entities below a comment",
        "entities far below",
        "entities of two bytes each",
        "compression",
        "cut off",
    ],
)
async def test_archives_that_would_break_their_reader_are_refused(content: bytes, name: str, why: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await read(content, name)
    assert refused.value.message == f"the document {why}"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("x", b"junk of a mail\r\n%PDF-1.4", DocumentKind.PDF),
        ("x.pptx", a_pptx(SECTIONS), DocumentKind.PPTX),
        ("x.bin", a_docx(SECTIONS), DocumentKind.DOCX),
        ("x", with_part(a_docx(SECTIONS), "word/a.pptx", packed(["ppt/slides/a"], b"")), DocumentKind.DOCX),
        ("x", packed(["word/a.pptx", "word/document.xml"], packed(["ppt/slides/a"], b"")), DocumentKind.DOCX),
        (
            "x",
            packed(["ppt/a.docx", "ppt/presentation.xml"], packed(["word/document.xml"], b" " * 300_000)),
            DocumentKind.PPTX,
        ),
        ("x.MD", "# Wörter".encode(), DocumentKind.MARKDOWN),
        ("x.htm", b"\xef\xbb\xbf<!-- a --><HTML>", DocumentKind.HTML),
    ],
)
def test_a_kind_is_told_by_the_bytes(name: str, content: bytes, kind: DocumentKind) -> None:
    assert kind_of(name, content[:HEAD_BYTES], content[-TAIL_BYTES:]) is kind


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("login.pdf", b"<!doctype html><html>", "login.pdf is a web page"),
        ("notes.pdf", b"# Notes", "notes.pdf is not a PDF"),
        ("notes.txt", b"Notes", "notes.txt is not a PDF, nor any other that is read"),
        ("picture.md", b"\x89PNG\r\n\x1a\n\x00", "picture.md is not a PDF, nor any other"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.doc is encrypted, or of an Office before 2007"),
        ("sheet.xlsx", b"PK\x03\x04xl/workbook.xml", "sheet.xlsx is an archive, but neither PPTX nor DOCX"),
        ("", b"", "the file is not a PDF"),
    ],
)
def test_what_is_of_no_kind_is_refused_by_its_name(name: str, content: bytes, why: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        kind_of(name, content, content)
    assert refused.value.message.startswith(why)
    assert refused.value.reason is Reason.DOCUMENT_UNREADABLE
