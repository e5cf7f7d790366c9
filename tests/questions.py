"""Students who ask one question after the other while things break, and what became of their questions."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from lectern_client import Completed, LecternError, Policy, Turn
from tests.deployed import PATIENT, DeployedEdge

STUDENTS = 3


@dataclass
class Questions:
    """`turns` were answered, by student; `lost` came to another end; `troubles` were waited out by the client."""

    edge: DeployedEdge
    course: str
    students: tuple[str, ...]
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    longest: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def answered(self) -> int:
        return sum(map(len, self.turns.values()))

    def have(self, answers: int) -> bool:
        """Whether so many were answered."""
        return self.answered >= answers

    def not_kept(self) -> list[str]:
        """The questions that were answered and are not in their student's thread."""
        missing = []
        for student, turns in self.turns.items():
            with self.edge.client(student) as client:
                kept = {message.text for message in client.threads.messages(turns[0].thread)}
            missing += [turn.question for turn in turns if turn.question not in kept or turn.answer not in kept]
        return missing

    def _policy(self) -> Policy:
        return replace(PATIENT, observe=lambda trouble, _: self.troubles.append(repr(trouble)))

    def _study(self, student: str) -> None:
        self.turns[student] = []
        with self.edge.client(student, policy=self._policy()) as client:
            for number in itertools.count(1):
                if self._over.is_set():
                    return
                began = time.monotonic()
                try:
                    events = list(client.ask(self.course, f"What is a wave? ({student}, {number})"))
                except LecternError as error:
                    self.lost.append(f"{student}, {number}: {error}")
                    continue
                self.longest = max(self.longest, time.monotonic() - began)
                if isinstance(events[-1], Completed):
                    self.turns[student].append(events[-1].turn)
                else:
                    self.lost.append(f"{student}, {number}: {events[-1]}")


@contextmanager
def questions(edge: DeployedEdge, course: str, named: str = "student") -> Iterator[Questions]:
    """Questions without a pause, until the block ends and the last ones have come to their end.

    A system may have the answer to a question that was asked before: who is `named` anew asks others.
    """
    asked = Questions(edge, course, tuple(f"{named}-{number}" for number in range(STUDENTS)))
    students = [threading.Thread(target=asked._study, args=(student,)) for student in asked.students]
    for student in students:
        student.start()
    try:
        yield asked
    finally:
        asked._over.set()
        for student in students:
            student.join(330)
