"""One question by a hundred callers at two processes; then the same with the leader killed in mid-stream."""

import asyncio

from lectern.inference.v1 import generation_pb2 as pb

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote, fake_provider
from bench.inference.fleet import Process, another_question, fleet
from kit.errors import LecternError
from tests.inference import events_of, providers_json, text_of

CALLERS = 100
WORDS = 60
WORDS_PER_SECOND = 30
KILL_AFTER = 15


async def run() -> None:
    async with fake_provider() as remote:
        await remote.script(words=WORDS, words_per_second=WORDS_PER_SECOND)
        async with fleet(2, providers_json(remote), coalesce_ms=0) as (leader, follower):
            ask = another_question()
            answered = await asyncio.gather(*(_answered([leader, follower], number, ask) for number in range(CALLERS)))
            _print("over 2 processes", answered, await remote.counts())
            await remote.reset()
            answered = await _with_a_kill(remote, leader, follower)
            _print("the leader killed in mid-stream", answered, await remote.counts())


async def _with_a_kill(remote: Remote, leader: Process, follower: Process) -> list[bool]:
    ask = another_question()
    first = asyncio.create_task(_answered([leader, follower], 0, ask))
    while not await remote.requests():  # noqa: ASYNC110 - another process writes
        await asyncio.sleep(0.01)
    rest = [asyncio.create_task(_answered([leader, follower], number, ask)) for number in range(1, CALLERS)]
    while (await remote.requests())[0]["words"] < KILL_AFTER:  # noqa: ASYNC110 - another process writes
        await asyncio.sleep(0.01)
    leader.running.kill()
    return await asyncio.gather(first, *rest)


async def _answered(processes: list[Process], number: int, ask: pb.StreamGenerateRequest) -> bool:
    """Whether the whole answer came; asks the other process where the first is gone, as the gateway does."""
    for process in (processes[number % 2], processes[1 - number % 2]):
        try:
            events = await events_of(process.peer, ask)
        except LecternError:
            continue
        return numbers_in(text_of(events)) == list(range(1, WORDS + 1))
    return False


def _print(what: str, answered: list[bool], counts: dict[str, int]) -> None:
    print(f"{len(answered)} callers with one question, {what}: whole answers {sum(answered)}", end="")
    print(f", upstream calls {counts['requests']}")
