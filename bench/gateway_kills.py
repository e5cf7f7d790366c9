"""Gateways killed -9 in mid-stream: whether the client library reads on elsewhere, without a word missing or doubled.

Run by `python -m bench gateway_kills`. Two gateways stand behind the edge, students ask by the Python client, and the
model numbers its words. The gateway that answers most is killed while it speaks, comes back, and so on, until so many
answers were broken or the time is over. The command fails where a word is missing or doubled, or a turn not completed.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import httpx

from bench.fake_provider.answer import numbers_in
from bench.load.asked import percentile
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from lectern_client import AsyncLectern, Completed, Delta, Failed, LecternError, Notice, Policy
from local.programs.services import Instance

SPOKEN_BEFORE_A_KILL = 3
PAUSE_SECONDS = 0.05


@dataclass
class Answer:
    """What a student saw of one answer; times of one clock, in seconds."""

    text: str = ""
    kept: str = ""
    outcome: str = ""
    broken_at: float | None = None
    silences: list[float] = field(default_factory=list)
    continued: bool = False

    @property
    def broken(self) -> bool:
        return bool(self.silences) or self.broken_at is not None

    def said(self, text: str) -> None:
        if self.broken_at is not None:
            self.silences.append(time.monotonic() - self.broken_at)
            self.broken_at = None
        self.text += text

    def faults(self, words: int) -> tuple[int, int]:
        """How many words are missing, and how many were said twice or in a wrong place."""
        numbers = numbers_in(self.text)
        wanted = range(1, words + 1) if self.outcome == "completed" else range(1, max(numbers, default=0) + 1)
        missing = len(set(wanted) - set(numbers))
        doubled = len(numbers) - len(set(numbers)) + sum(a > b for a, b in pairwise(numbers))
        return missing, doubled + (self.outcome == "completed" and self.kept != self.text)


class Student:
    """Asks one question after another, and never notices anything."""

    def __init__(self, rig: Rig) -> None:
        user = f"student-{uuid.uuid4().hex[:8]}"
        policy = Policy(observe=self._broke)
        http = httpx.AsyncClient(trust_env=False)
        self._client = AsyncLectern(rig.stack.base_url, rig.stack.token(user), policy=policy, http=http)
        self._rig = rig
        self.answer = Answer()
        self.answers: list[Answer] = []

    async def study(self, over: asyncio.Event) -> None:
        async with self._client:
            while not over.is_set():
                self.answer = Answer()
                self.answers.append(self.answer)
                await self._ask(self.answer)

    @property
    def listening(self) -> bool:
        """Whether an answer is under way that has not been broken yet."""
        answer = self.answer
        return not answer.outcome and not answer.broken and len(numbers_in(answer.text)) >= SPOKEN_BEFORE_A_KILL

    async def _ask(self, answer: Answer) -> None:
        question = f"What does a wave carry? ({uuid.uuid4().hex})"
        try:
            async for event in self._client.ask(self._rig.course, question, video_url=self._rig.video_url):
                match event:
                    case Delta(text=text):
                        answer.said(text)
                    case Notice(kind="continued"):
                        answer.continued = True
                    case Completed(turn=turn):
                        answer.kept, answer.outcome = turn.answer, "completed"
                    case Failed(reason=reason):
                        answer.outcome = f"partial, {reason}"
        except LecternError as error:
            answer.outcome = f"{type(error).__name__}: {error}"

    def _broke(self, trouble: LecternError, pause: float) -> None:
        if self.answer.broken_at is None:
            self.answer.broken_at = time.monotonic()


class Killer:
    """Kills the gateway that answers most, and has it started again."""

    def __init__(self, rig: Rig, students: Sequence[Student]) -> None:
        self._rig = rig
        self._students = students
        self._gateways = [each for each in rig.stack.plan.instances if each.service == "gateway"]
        self.kills: Counter[str] = Counter()

    async def kill_until(self, breaks: int, ends: float) -> None:
        while self.breaks < breaks and time.monotonic() < ends:
            victim = await self._speaking(ends)
            if victim is None:
                return
            os.kill(self._rig.stack.pid(victim.name), signal.SIGKILL)
            self.kills[victim.name] += 1
            await self._rig.stack.hold(victim.name)
            await self._rig.stack.release(victim.name)
            print(f"  {self.kills.total():>3} kills, {self.breaks:>3} answers broken", flush=True)

    @property
    def breaks(self) -> int:
        return sum(answer.broken for student in self._students for answer in student.answers)

    async def _speaking(self, ends: float) -> Instance | None:
        """The gateway that answers most, once one is heard by somebody."""
        while time.monotonic() < ends:
            if any(student.listening for student in self._students):
                active = [(await _active_turns(each), each.name, each) for each in self._gateways]
                if max(active)[0]:
                    return max(active)[2]
            await asyncio.sleep(PAUSE_SECONDS)
        return None


async def _active_turns(gateway: Instance) -> float:
    """By its own metrics."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"http://127.0.0.1:{gateway.metrics_port}/metrics")).text
    values = [line.split()[-1] for line in text.splitlines() if line.startswith("lectern_turns_running")]
    return float(values[0]) if values else 0.0


async def measure(arguments: argparse.Namespace) -> bool:
    """Whether every word came once."""
    async with rig(Script(), {"gateway": 2}) as running:
        speech = {"words": arguments.words, "words_per_second": arguments.words_per_second, "repeat_words": 3}
        await running.provider.script(first_token_ms=50, **speech)
        print(f"{arguments.students} students, 2 gateways, {arguments.words} words an answer; {machine()}", flush=True)
        students, over = [Student(running) for _ in range(arguments.students)], asyncio.Event()
        studying = asyncio.gather(*(student.study(over) for student in students))
        killer = Killer(running, students)
        await killer.kill_until(arguments.breaks, time.monotonic() + arguments.seconds)
        over.set()
        await studying
    return _judge([answer for student in students for answer in student.answers], killer.kills, arguments.words)


def _judge(answers: Sequence[Answer], kills: Counter[str], words: int) -> bool:
    broken = [answer for answer in answers if answer.broken]
    faults = [answer.faults(words) for answer in answers]
    missing, doubled = sum(each[0] for each in faults), sum(each[1] for each in faults)
    silences = [seconds for answer in broken for seconds in answer.silences]
    outcomes = Counter(answer.outcome for answer in answers)
    print(f"gateways killed: {kills.total()} ({', '.join(f'{name} {n}' for name, n in sorted(kills.items()))})")
    print(f"answers: {len(answers)}, broken in mid-stream: {len(broken)}, continued by takeover: {_continued(broken)}")
    print(f"outcomes: {', '.join(f'{count} x {outcome}' for outcome, count in outcomes.most_common())}")
    print(
        f"to the next word after a break: p50 {percentile(silences, 0.5):.2f} s, p99 {percentile(silences, 0.99):.2f} s"
    )
    print(f"words missing: {missing}, doubled: {doubled}")
    return not missing and not doubled and set(outcomes) == {"completed"}


def _continued(answers: Sequence[Answer]) -> int:
    return sum(answer.continued for answer in answers)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench gateway_kills", description=__doc__)
    parser.add_argument("--breaks", type=int, default=200, help="how many answers are to be broken")
    parser.add_argument("--seconds", type=float, default=300, help="how long gateways are killed at the most")
    parser.add_argument("--students", type=int, default=8, help="how many ask at once")
    parser.add_argument("--words", type=int, default=90, help="how many words an answer has")
    parser.add_argument("--words-per-second", type=float, default=15, help="how fast the model speaks")
    sys.exit(0 if asyncio.run(measure(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
