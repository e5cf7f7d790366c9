"""The supervisor with the real servers of the wheels."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from local.parts import DATA, REDIS
from local.program import Died, Event, Ready, StartError, Stopped
from local.settings import LocalSettings
from local.stack import DataInUseError, Stack

ROOT = Path(__file__).resolve().parents[2]


class Seen:
    """Remembers events and wakes whoever waits for one."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()

    async def next(self, kind: type[Event], name: str) -> Any:
        while True:
            event = await asyncio.wait_for(self.events.get(), 60)
            if isinstance(event, kind) and event.name == name:
                return event


async def test_mongodb_takes_transactions_and_keeps_its_data_on_another_port(tmp_path: Path) -> None:
    settings = LocalSettings(data=tmp_path, parts=DATA)
    async with (
        Stack(settings) as first,
        AsyncMongoClient[dict[str, Any]](first.setting("MONGODB_URI")) as client,
        client.start_session() as session,
        await session.start_transaction(),
    ):
        await client.kept.notes.insert_one({"_id": 1, "text": "kept"}, session=session)

    async with Stack(settings) as second, AsyncMongoClient[dict[str, Any]](second.setting("MONGODB_URI")) as client:
        assert await client.kept.notes.find_one({"_id": 1}) == {"_id": 1, "text": "kept"}
    assert first.setting("MONGODB_URI") != second.setting("MONGODB_URI")


async def test_the_two_redis_servers_have_their_own_policies(tmp_path: Path) -> None:
    async with Stack(LocalSettings(data=tmp_path, parts=frozenset({REDIS}))) as stack:
        async with Redis.from_url(stack.setting("REDIS_URL"), decode_responses=True) as queue:
            kept = await queue.config_get("maxmemory-policy", "appendonly", "appendfsync")
        async with Redis.from_url(stack.setting("REDIS_CACHE_URL"), decode_responses=True) as cache:
            bounded = await cache.config_get("maxmemory-policy", "appendonly", "maxmemory")
    assert kept == {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}
    assert bounded == {"maxmemory-policy": "allkeys-lru", "appendonly": "no", "maxmemory": str(256 * 1024**2)}


async def test_a_killed_server_is_reported_and_comes_back_with_its_data(tmp_path: Path) -> None:
    seen = Seen()
    async with Stack(LocalSettings(data=tmp_path, parts=frozenset({REDIS})), seen.events.put_nowait) as stack:
        async with Redis.from_url(stack.setting("REDIS_URL"), decode_responses=True) as queue:
            await queue.set("kept", "yes")
            await queue.waitaof(1, 0, 5000)
            killed = stack.pid("redis-queue")

            os.kill(killed, signal.SIGKILL)

            died = await seen.next(Died, "redis-queue")
            back = await seen.next(Ready, "redis-queue")
            assert died.exit_code == -signal.SIGKILL
            assert back.restarted
            assert stack.pid("redis-queue") != killed
        async with Redis.from_url(stack.setting("REDIS_URL"), decode_responses=True) as queue:
            assert await queue.get("kept") == "yes"


async def test_a_stop_ends_every_process_by_asking(tmp_path: Path) -> None:
    seen = Seen()
    async with Stack(LocalSettings(data=tmp_path, parts=DATA), seen.events.put_nowait) as stack:
        pids = [stack.pid(name) for name in stack.programs]
    stopped = [event for event in iter_queue(seen.events) if isinstance(event, Stopped)]
    assert {event.name for event in stopped} == set(stack.programs)
    assert not any(event.killed for event in stopped)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def iter_queue(queue: asyncio.Queue[Event]) -> list[Event]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def test_a_server_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "redis-queue" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "redis-queue" / "appendonlydir" / "appendonly.aof.manifest").write_text("not a manifest\n")
    stack = Stack(LocalSettings(data=tmp_path, parts=frozenset({REDIS})))
    with pytest.raises(StartError) as raised:
        await stack.start()
    await stack.stop()
    assert raised.value.name == "redis-queue"
    assert "manifest" in "\n".join(raised.value.last_lines)


async def test_one_data_folder_has_one_stack(tmp_path: Path) -> None:
    settings = LocalSettings(data=tmp_path, parts=frozenset({REDIS}))
    async with Stack(settings):
        with pytest.raises(DataInUseError, match="LECTERN_DATA"):
            Stack(settings)


async def test_a_given_redis_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    environ = {"REDIS_URL": "rediss://user:s3cret@127.0.0.1:1/0"}
    stack = Stack(LocalSettings(data=tmp_path, environ=environ, parts=frozenset({REDIS})))
    with pytest.raises(StartError, match="REDIS_URL") as raised:
        await stack.start()
    await stack.stop()
    assert "127.0.0.1:1" in str(raised.value)
    assert "s3cret" not in str(raised.value)


STARTS_AND_WAITS = """
import asyncio, sys
from pathlib import Path
from local.parts import DATA
from local.settings import LocalSettings
from local.stack import Stack

async def main():
    async with Stack(LocalSettings(data=Path(sys.argv[1]), parts=DATA)) as stack:
        print(*(stack.pid(name) for name in stack.programs), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_servers_die_with_a_killed_stack_and_the_next_one_starts_over_the_leftovers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS_AND_WAITS, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}
    for _ in range(2):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as stack:
            assert stack.stdout is not None
            ends = [os.pidfd_open(int(pid)) for pid in stack.stdout.readline().split()]
            assert len(ends) == 3
            stack.kill()
        for end in ends:
            assert select.select([end], [], [], 20)[0], "a server outlived the stack"
            os.close(end)
