"""Students who ask, read the answer, and ask again."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bench.load.asked import Asked
from bench.load.doors import Door, DoorError, Question
from bench.load.rig import Rig

ASKS = "What does a wave carry from place to place, and what stays where it is? ({number})"


@dataclass(frozen=True)
class Student:
    """One user with a thread of their own; each question is new, so that no answer comes from a cache."""

    user: str
    digits: str
    token: str
    door: Door
    rig: Rig

    async def ask(self, number: int) -> Asked:
        """Asks once, and says what became of it."""
        text = ASKS.format(number=f"{self.digits}{number:04}")
        question = Question(self.token, self.rig.course, self.rig.video_url, text, f"{self.user}-{number}")
        asked = Asked(self.user, text, began=(now := time.monotonic()), ended=now)
        try:
            asked = await self._read(question, asked)
        except DoorError as error:
            asked = replace(asked, error=str(error))
        return replace(asked, ended=time.monotonic())

    async def _read(self, question: Question, asked: Asked) -> Asked:
        first = None
        async with aclosing(self.door.ask(question)) as events:  # type: ignore[type-var] # doors are generators
            async for said in events:
                if said.text and first is None:
                    first = time.monotonic()
                if said.final:
                    return replace(
                        asked,
                        first_text=first,
                        thread=said.thread,
                        answer=said.answer,
                        error=said.failure,
                        degraded=said.degraded,
                    )
        return replace(asked, error="the stream ended before the turn did")


class Crowd:
    """Some students at once; what they asked is collected as it ends."""

    def __init__(self, rig: Rig, doors: Sequence[Door]) -> None:
        run = uuid.uuid4().hex[:6]
        users = [f"student-{run}-{number}" for number in range(len(doors))]
        self._students = [
            Student(user, f"{int(run, 16)}{number:04}", rig.stack.token(user), door, rig)
            for number, (user, door) in enumerate(zip(users, doors, strict=True))
        ]
        self.asked: list[Asked] = []

    async def ask_for(self, seconds: float, *, pause: float = 0.0) -> Sequence[Asked]:
        """What was asked in this time, each student pausing between an answer and the next question."""
        ends, since = time.monotonic() + seconds, len(self.asked)
        await asyncio.gather(*(self._study(student, ends, pause) for student in self._students))
        return self.asked[since:]

    async def _study(self, student: Student, ends: float, pause: float) -> None:
        number = sum(1 for asked in self.asked if asked.user == student.user)
        while time.monotonic() < ends:
            number += 1
            self.asked.append(await student.ask(number))
            if pause or self.asked[-1].error:
                await asyncio.sleep(max(pause, 0.1 if self.asked[-1].error else 0.0))
