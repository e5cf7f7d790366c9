"""What the reader makes of a folder of documents: pages, what of them is text, and how long each takes.

Run by `python -m bench reading FOLDER`. Where `pdftotext` is on the PATH, the last column is the share of its words
that ours have as well: words that run together, or are a cipher, are missing there.
"""

import argparse
import asyncio
import re
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load.processor import machine
from kit.document_kinds import HEAD_BYTES, TAIL_BYTES, DocumentKind, kind_of
from kit.errors import InvalidArgument, LecternError
from services.context.adapters.document_reader import SpawnedDocumentReader
from services.context.model import Page, PageState, ranges
from services.context.passages.joining import normal
from services.context.passages.pages import cleaned
from services.context.service.ingesting import PRINTED

ENDINGS = {f".{ending}" for ending in ("pdf", "pptx", "docx", "md", "markdown", "html", "htm")}
WORD = re.compile(r"[^\W\d_]{2,}")
# Less of pdftotext's words than this is worth a look.
GARBLED_SHARE = 0.8


@dataclass(frozen=True)
class Outcome:
    """What became of one document; `words` is the share of pdftotext's words, -1 where it was not asked."""

    file: Path
    seconds: float
    pages: Sequence[Page] = ()
    refused: str = ""
    interrupted: str = ""
    words: float = -1.0

    def row(self, folder: Path) -> str:
        name = str(self.file.relative_to(folder))[-58:]
        if self.refused or self.interrupted:
            return f"{name:58} {self.seconds:6.1f} s  {self.interrupted or self.refused}"
        of = {state: [page.number for page in self.pages if page.state is state] for state in PageState}
        share = "      " if self.words < 0 else f"{100 * self.words:5.1f}%"
        told = [f"{state.value}: {ranges(of[state])}" for state in (PageState.EMPTY, PageState.GARBLED) if of[state]]
        text = sum(len(page.text) for page in self.pages)
        line = f"{name:58} {self.seconds:6.1f} s  {len(self.pages):5} pages  {len(of[PageState.TEXT]):5} with text"
        return f"{line}  {text:9,} letters  {share}  {'; '.join(told)[:90]}"


async def measure(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.folder)
    files = _documents(folder)[: arguments.most]
    reader, turns = SpawnedDocumentReader(memory_mb=1024, seconds=120), asyncio.Semaphore(arguments.at_once)
    print(f"({machine()})")

    async def one(file: Path) -> Outcome:
        async with turns:
            outcome = await _read(reader, file)
            print(outcome.row(folder), flush=True)
            return outcome

    _sum_up(await asyncio.gather(*map(one, files)))


def _documents(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.suffix.lower() in ENDINGS)


async def _read(reader: SpawnedDocumentReader, file: Path) -> Outcome:
    content = await asyncio.to_thread(file.read_bytes)
    began = time.perf_counter()
    try:
        kind = kind_of(file.name, content[:HEAD_BYTES], content[-TAIL_BYTES:])
        pages = cleaned(await reader.pages(kind, _pieces(content)), printed=kind in PRINTED)
    except InvalidArgument as error:
        return Outcome(file, time.perf_counter() - began, refused=error.message)
    except LecternError as error:
        return Outcome(file, time.perf_counter() - began, interrupted=error.message)
    seconds = time.perf_counter() - began
    return Outcome(file, seconds, pages, words=await _share(file, pages) if kind is DocumentKind.PDF else -1.0)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 1024 * 1024):
        yield content[start : start + 1024 * 1024]


async def _share(file: Path, pages: Sequence[Page]) -> float:
    program = shutil.which("pdftotext")
    if program is None:
        return -1.0
    command = (program, "-q", "-enc", "UTF-8", str(file), "-")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    theirs = Counter(WORD.findall(normal(said.decode(errors="replace")).lower()))
    ours = Counter(WORD.findall(" ".join(page.text for page in pages).lower()))
    return (theirs & ours).total() / theirs.total() if theirs.total() else -1.0


def _sum_up(outcomes: Sequence[Outcome]) -> None:
    read = [each for each in outcomes if each.pages]
    asked = [each.words for each in read if each.words >= 0]
    print(
        f"{len(outcomes)} documents, {sum(len(each.pages) for each in read):,} pages: {len(read)} read, "
        f"{sum(bool(each.refused) for each in outcomes)} refused, "
        f"{sum(bool(each.interrupted) for each in outcomes)} interrupted"
    )
    seconds = sorted(each.seconds for each in outcomes) or [0.0]
    print(f"seconds each: median {seconds[len(seconds) // 2]:.1f}, longest {seconds[-1]:.1f}")
    if asked:
        low = sum(share < GARBLED_SHARE for share in asked)
        median = 100 * sorted(asked)[len(asked) // 2]
        print(f"words of pdftotext: median {median:.1f}%, below 80% in {low} of {len(asked)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench reading", description=__doc__)
    parser.add_argument("folder", help="where the documents are; its folders are looked through as well")
    parser.add_argument("--most", type=int, default=1000, help="so many of them at the most")
    parser.add_argument("--at-once", type=int, default=2, help="so many at once")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
