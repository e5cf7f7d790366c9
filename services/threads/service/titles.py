"""A thread's title: the beginning of its first question, or what a model wrote, tidied."""

import re

TITLE_LENGTH = 80
LABEL = re.compile(r"^\W*(title|titel|titre|título|titolo)\s*[:\uff1a]\s*", re.IGNORECASE)
CITATION = re.compile(r"\s*\[\d+\]")
WRAPPING = " \t\"'`*_#“”„«»\u2018\u2019"


def title_of(question: str) -> str:
    """The first words, on one line, cut between words where that keeps most of the room."""
    words = " ".join(question.split())
    if len(words) <= TITLE_LENGTH:
        return words
    head = words[: TITLE_LENGTH - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > TITLE_LENGTH // 2 else head) + "…"


def cleaned(written: str) -> str:
    """The title in what a model wrote; empty where it wrote none, or a whole paragraph instead."""
    line = next((line for line in written.splitlines() if line.strip(WRAPPING)), "")
    title = " ".join(CITATION.sub("", LABEL.sub("", line)).split()).strip(WRAPPING).rstrip(".。:").strip(WRAPPING)
    has_letters = any(character.isalpha() for character in title)
    return title if has_letters and len(title) <= TITLE_LENGTH else ""
