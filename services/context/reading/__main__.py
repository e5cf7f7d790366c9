"""Reads one document: `python -m services.context.reading FILE KIND ANSWER MEMORY_BYTES CPU_SECONDS MOST_PAGES`.

With pages as further arguments they are drawn instead, each into a PNG beside the answer.
"""

import importlib
import os
import resource
import sys
from pathlib import Path

from kit.document_kinds import DocumentKind
from services.context.reading.refusals import DAMAGED, TOO_HEAVY, UnreadableError
from services.context.reading.wire import write_pages, write_unreadable

# What only some documents need is imported for those alone.
READERS = {
    DocumentKind.PDF: "pdf",
    DocumentKind.PPTX: "pptx_slides",
    DocumentKind.DOCX: "docx_pages",
    DocumentKind.MARKDOWN: "markdown_sections",
    DocumentKind.HTML: "html_sections",
}


def main(file: str, kind: str, answer: str, memory: str, seconds: str, most_pages: str, *drawn: str) -> None:
    os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), 65_536))  # what a process beside this one left open
    _limit(int(memory), int(seconds))
    try:
        if drawn:
            importlib.import_module("services.context.reading.drawing").draw(Path(file), Path(answer), drawn)
        else:
            reader = importlib.import_module(f"services.context.reading.{READERS[DocumentKind(kind)]}")
            write_pages(Path(answer), reader.read(Path(file), int(most_pages)))
    except UnreadableError as error:
        write_unreadable(Path(answer), str(error))
    except (MemoryError, RecursionError):
        write_unreadable(Path(answer), TOO_HEAVY)
    except Exception:  # whatever a broken file makes a parser stumble over
        write_unreadable(Path(answer), DAMAGED)


def _limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(*sys.argv[1:])
