"""A provider at 100% errors under four processes: what reaches it, what users see, and when it is used again."""

import asyncio
import time
from collections import Counter
from itertools import cycle

from lectern.inference.v1 import generation_pb2 as pb

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote, fake_provider
from bench.inference.fleet import Process, another_question, fleet
from kit.errors import LecternError
from tests.inference import events_of, providers_json, text_of

PROCESSES = 4
CALLS = 1000
AT_ONCE = 40
WORDS = 30
OPEN_SECONDS = 10.0
IN_A_ROW = 20


async def run() -> None:
    async with fake_provider({"words": WORDS}) as one, fake_provider({"words": WORDS}) as two:
        await one.script(status=503)
        async with fleet(PROCESSES, providers_json(one, two), breaker_open_seconds=OPEN_SECONDS) as processes:
            began = time.monotonic()
            seen = await _ask_all(processes)
            seconds = time.monotonic() - began
            first, second = (await one.counts())["requests"], (await two.counts())["requests"]
            print(f"{CALLS} calls to {PROCESSES} processes, {AT_ONCE} at once, in {seconds:.1f} s: {dict(seen)}")
            print(f"  calls to the failing provider {first}, to the other {second}")
            print(f"  amplification {(first + second) / CALLS:.3f} (upstream calls for each call)")
            await one.script(words=WORDS)
            print(f"  healed; all calls go to it again after {await _recovered(processes):.1f} s", end="")
            print(f" (breakers stay open {OPEN_SECONDS:g} s)")
            print(f"  calls to it meanwhile that found it ill: {(await _ill(one)) - first}")


async def _ask_all(processes: list[Process]) -> Counter[str]:
    seen: Counter[str] = Counter()
    turns = iter(range(CALLS))

    async def user(process: Process) -> None:
        for _ in turns:
            seen[_outcome(await _ask(process))] += 1

    peers = cycle(processes)
    await asyncio.gather(*(user(next(peers)) for _ in range(AT_ONCE)))
    return seen


async def _ask(process: Process) -> list[pb.StreamGenerateResponse] | LecternError:
    try:
        return await events_of(process.peer, another_question())
    except LecternError as error:
        return error


def _outcome(answer: list[pb.StreamGenerateResponse] | LecternError) -> str:
    if isinstance(answer, LecternError):
        return f"error {answer.reason}"
    whole = numbers_in(text_of(answer)) == list(range(1, WORDS + 1))
    return "whole" if whole else "degraded" if answer[-1].finish.degraded else "torn"


async def _recovered(processes: list[Process]) -> float:
    """Seconds until the first of a row of answers by the healed provider, over all processes."""
    began, row, since = time.monotonic(), 0, 0.0
    for process in cycle(processes):
        answer = await _ask(process)
        by = "" if isinstance(answer, LecternError) else answer[-1].finish.provider
        since = time.monotonic() if row == 0 else since
        row = row + 1 if by == "p1" else 0
        if row == IN_A_ROW:
            break
        await asyncio.sleep(0.02)
    return since - began


async def _ill(one: Remote) -> int:
    return sum(1 for request in await one.requests() if request["status"] == 503)
