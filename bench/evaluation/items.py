"""What is asked in an evaluation: a bounded choice of the labelled questions, as even over languages as it can be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, zip_longest
from typing import TypeVar

from bench.support.labelled_set import Lecture, Question

T = TypeVar("T")


class Kind(StrEnum):
    """What a question tries."""

    ANSWERABLE = "answerable"
    CROSSED = "in another language"
    UNANSWERABLE = "unanswerable"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Item:
    """One question about a lecture; an answer to a hint that holds one of the `keys` gives it away."""

    kind: Kind
    lecture: Lecture
    question: Question
    keys: tuple[str, ...] = ()

    @property
    def policy(self) -> str:
        return "hints" if self.kind is Kind.HINT else "answer"


def chosen(lectures: Sequence[Lecture], each: int) -> list[Item]:
    """At most `each` questions of each kind, the languages in turn, and within one its lectures in turn."""
    return [item for kind in Kind for item in islice(_by_turns(lectures, kind), each)]


def _by_turns(lectures: Sequence[Lecture], kind: Kind) -> Iterator[Item]:
    languages: dict[str, list[Iterator[Item]]] = {}
    for lecture in lectures:
        languages.setdefault(lecture.language, []).append(_of_kind(lecture, kind))
    return _in_turn([_in_turn(rows) for rows in languages.values()])


def _in_turn(rows: Iterable[Iterator[T]]) -> Iterator[T]:
    """One of each row, then the next of each, until all are through."""
    return (item for group in zip_longest(*rows) for item in group if item is not None)


def _of_kind(lecture: Lecture, kind: Kind) -> Iterator[Item]:
    match kind:
        case Kind.HINT:
            yield from (Item(kind, lecture, hint.question, hint.keys) for hint in lecture.hints)
        case Kind.UNANSWERABLE:
            yield from (Item(kind, lecture, question) for question in lecture.unanswerable)
        case _:
            crossed = kind is Kind.CROSSED
            yield from (
                Item(kind, lecture, question)
                for question in lecture.answerable
                if (question.language != lecture.language) == crossed
            )
