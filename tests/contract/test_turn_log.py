"""Every turn log and bulletin keeps the same promises."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from kit.errors import Conflict, Reason, Unavailable
from kit.redis import Redis, connect
from kit.settings import CommonSettings
from kit.turnlog.memory import MemoryBulletin, MemoryTurnLog
from kit.turnlog.ports import Bulletin, Entry, TurnLog
from kit.turnlog.redis_bulletin import RedisBulletin
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from tests.servers import redis_server

KINDS = ["memory", "redis"]


@pytest.fixture(params=KINDS)
async def parts(request: pytest.FixtureRequest) -> AsyncIterator[tuple[TurnLog, Bulletin]]:
    if request.param == "memory":
        yield MemoryTurnLog(), MemoryBulletin()
        return
    client = connect(request.getfixturevalue("redis_url"), CommonSettings())
    wakes = Wakes(client)
    yield RedisTurnLog(client, wakes), RedisBulletin(client, wakes)
    await wakes.close()
    await client.aclose()


@pytest.fixture
def log(parts: tuple[TurnLog, Bulletin]) -> TurnLog:
    return parts[0]


@pytest.fixture
def bulletin(parts: tuple[TurnLog, Bulletin]) -> Bulletin:
    return parts[1]


@pytest.fixture
def turn() -> str:
    return uuid4().hex


def entry(sequence: int, *, final: bool = False) -> Entry:
    return Entry(sequence, f"event {sequence}".encode(), final)


async def test_reads_what_was_appended_in_order(log: TurnLog, turn: str) -> None:
    await log.append(turn, 1, [entry(1), entry(2)])
    await log.append(turn, 1, [entry(3, final=True)])
    assert await log.read(turn) == [entry(1), entry(2), entry(3, final=True)]
    assert await log.read(turn, after=2) == [entry(3, final=True)]


async def test_a_turn_that_was_never_written_is_empty(log: TurnLog, turn: str) -> None:
    assert await log.read(turn) == []


async def test_a_repeated_append_adds_nothing(log: TurnLog, turn: str) -> None:
    await log.append(turn, 1, [entry(1), entry(2)])
    await log.append(turn, 1, [entry(1), entry(2), entry(3)])
    assert [e.sequence for e in await log.read(turn)] == [1, 2, 3]


async def test_an_old_fencing_token_is_refused(log: TurnLog, turn: str) -> None:
    await log.append(turn, 1, [entry(1)])
    await log.append(turn, 2, [entry(2)])
    with pytest.raises(Conflict) as refused:
        await log.append(turn, 1, [entry(3)])
    assert refused.value.reason == Reason.LEASE_LOST
    assert [e.sequence for e in await log.read(turn)] == [1, 2]


async def test_many_appends_at_once_are_all_kept(log: TurnLog) -> None:
    turns = [uuid4().hex for _ in range(50)]
    await asyncio.gather(*(log.append(turn, 1, [entry(n)]) for turn in turns for n in [1]))
    await asyncio.gather(*(log.append(turn, 1, [entry(2, final=True)]) for turn in turns))
    assert [len(await log.read(turn)) for turn in turns] == [2] * 50


async def test_following_sees_past_and_future_and_ends(log: TurnLog, turn: str) -> None:
    await log.append(turn, 1, [entry(1), entry(2)])
    seen: list[int] = []
    first_two = asyncio.Event()

    async def follow() -> None:
        async for event in log.follow(turn, after=1):
            seen.append(event.sequence)
            first_two.set()

    follower = asyncio.create_task(follow())
    await first_two.wait()
    await log.append(turn, 1, [entry(3)])
    await log.append(turn, 1, [entry(4, final=True)])
    await asyncio.wait_for(follower, 5)
    assert seen == [2, 3, 4]


async def test_watchers_hear_what_is_published_after_they_began(bulletin: Bulletin) -> None:
    thread = uuid4().hex
    await bulletin.publish(thread, b"before")
    async with aclosing(bulletin.follow(thread)) as notes:
        assert await anext(notes) == b""
        await bulletin.publish(thread, b"one")
        await bulletin.publish(thread, b"two")
        assert [await anext(notes), await anext(notes)] == [b"one", b"two"]


async def test_a_log_that_hangs_delays_one_event_and_is_used_again_once_it_answers(tmp_path: Path, turn: str) -> None:
    with redis_server(tmp_path) as url:
        client = connect(url, CommonSettings())
        wakes = Wakes(client)
        log = RedisTurnLog(client, wakes)
        server = (await client.info("server"))["process_id"]
        await log.append(turn, 1, [entry(1)])
        os.kill(server, signal.SIGSTOP)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await log.append(turn, 1, [entry(2)])
        with pytest.raises(Unavailable):
            await log.read(turn)

        os.kill(server, signal.SIGCONT)
        async with asyncio.timeout(20):
            while not await kept(log, turn, [entry(2), entry(3)]):  # noqa: ASYNC110 - it is looked for once a second
                await asyncio.sleep(0.05)
        assert await log.read(turn) == [entry(1), entry(2), entry(3)]
        await wakes.close()
        await client.aclose()


async def kept(log: TurnLog, turn: str, entries: list[Entry]) -> bool:
    try:
        await log.append(turn, 1, entries)
    except Unavailable:
        return False
    return True


async def test_an_append_survives_that_redis_forgot_the_script_or_closed_the_connection(
    redis_url: str, turn: str
) -> None:
    client = connect(redis_url, CommonSettings())
    other = connect(redis_url, CommonSettings())
    wakes = Wakes(client)
    log = RedisTurnLog(client, wakes)
    await log.append(turn, 1, [entry(1)])
    await other.script_flush()
    await log.append(turn, 1, [entry(2)])
    with redis.Redis.from_url(redis_url) as blocking:
        # Nothing else runs meanwhile, so the log asks before it is told that its connection is closed.
        blocking.client_kill_filter(_type="normal", skipme=True)
    await log.append(turn, 1, [entry(3, final=True)])
    assert [each.sequence for each in await log.read(turn)] == [1, 2, 3]
    await wakes.close()
    await client.aclose()
    await other.aclose()


async def test_an_append_is_one_command_of_a_client(redis_url: str, turn: str) -> None:
    client = connect(redis_url, CommonSettings())
    wakes = Wakes(client)
    log = RedisTurnLog(client, wakes)
    await log.append(f"{turn}-first", 1, [entry(1)])
    before = await calls(client)
    await asyncio.gather(*(log.append(f"{turn}-{number}", 1, [entry(1)]) for number in range(50)))
    after = await calls(client)
    assert after.get("evalsha", 0) - before.get("evalsha", 0) == 50
    assert after.get("script|exists", 0) == before.get("script|exists", 0)
    await wakes.close()
    await client.aclose()


async def calls(client: Redis) -> dict[str, int]:
    """How often each command was called so far."""
    stats = await client.info("commandstats")
    return {name.removeprefix("cmdstat_"): figures["calls"] for name, figures in stats.items()}
