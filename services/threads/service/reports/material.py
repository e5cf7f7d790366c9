"""A thread as a model reads it: its turns in words, and every citation under a number of its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.threads.model import Citation, Support, Turn

MARK = re.compile(r"\s*\[(\d+)\]")
QUESTION_LENGTH = 600
ANSWER_LENGTH = 1500
QUOTE_LENGTH = 200
BEARING = (Support.SUPPORTED, Support.PARTLY)


@dataclass(frozen=True, slots=True)
class Material:
    """What a report may draw on; the citation with the number n is `citations[n - 1]`."""

    text: str
    citations: tuple[Citation, ...]
    turns: tuple[Turn, ...]


def material_of(turns: Sequence[Turn], room: int) -> Material:
    """The last of the turns that fit into so many characters, oldest first; the very last always."""
    taken: list[Turn] = []
    for turn in reversed(turns):
        room -= _length(turn)
        if room < 0 and taken:
            break
        taken.append(turn)
    citations: list[Citation] = []
    parts = [_turn(turn, citations) for turn in reversed(taken)]
    return Material("\n\n".join(parts), tuple(citations), tuple(reversed(taken)))


def borne_out(turn: Turn) -> tuple[Citation, ...]:
    """The turn's citations whose sources say so, at least in part; older turns know only that a quote was found."""
    return tuple(each for each in turn.answer.citations if each.verified or each.support in BEARING)


def place(citation: Citation) -> str:
    """Where a citation stands, in words."""
    title = citation.title or citation.document or "the lecture"
    if citation.start is not None:
        return f"{title}, {clock(citation.start)}"
    return f"{title}, page {citation.page}" if citation.page else title


def clock(seconds: float) -> str:
    """Seconds as a player shows them."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def plain(text: str) -> str:
    """On one line, without the numbers of citations."""
    return " ".join(MARK.sub("", text).split())


def _turn(turn: Turn, citations: list[Citation]) -> str:
    """The turn in words; its citations are added to those before, whose numbers they continue."""
    numbers: dict[int, int] = {}
    lines = []
    for citation in borne_out(turn):
        citations.append(citation)
        numbers[citation.index] = len(citations)
        lines.append(f"[{len(citations)}] ({place(citation)}) {plain(citation.quote)[:QUOTE_LENGTH]}")

    def renumbered(mark: re.Match[str]) -> str:
        number = numbers.get(int(mark[1]))
        return f" [{number}]" if number else ""

    answer = " ".join(MARK.sub(renumbered, turn.answer.text).split())[:ANSWER_LENGTH]
    said = f"Tutor: {answer}" if answer else f"Tutor: (no answer: {turn.state.value.lower()})"
    return "\n".join([f"Student: {plain(turn.question.text)[:QUESTION_LENGTH]}", said, *lines])


def _length(turn: Turn) -> int:
    quotes = sum(min(len(citation.quote), QUOTE_LENGTH) + 40 for citation in borne_out(turn))
    return min(len(turn.question.text), QUESTION_LENGTH) + min(len(turn.answer.text), ANSWER_LENGTH) + quotes + 40
