"""What threads tell Redis in shared round trips, and what becomes of it when Redis goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from kit.auth.caller import Caller
from kit.redis import Redis, RedisError, ResponseError, connect
from kit.turnlog.redis_bulletin import RedisBulletin
from kit.turnlog.wakes import Wakes
from services.threads.adapters.redis.pages import RedisPageCache
from services.threads.settings import ThreadsSettings
from tests.servers import free_port, redis_server


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    made = connect(redis_url, ThreadsSettings())
    yield made
    await made.aclose()


async def test_replies_are_those_to_ones_own_command(client: Redis) -> None:
    ask = client.pipelined.ask
    said = [f"{n}\r\n$é" for n in range(50)]
    *replies, refusal = await asyncio.gather(
        *(ask("ECHO", each) for each in said), ask("NONSENSE"), return_exceptions=True
    )
    assert replies == [each.encode() for each in said]
    assert isinstance(refusal, ResponseError)
    assert "NONSENSE" in str(refusal)


async def test_commands_outlive_a_redis_that_goes_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    client = connect(f"redis://127.0.0.1:{port}/0", ThreadsSettings())
    with redis_server(tmp_path, port):
        assert await client.pipelined.ask("ECHO", "before") == b"before"
    refused = await asyncio.gather(*(client.pipelined.ask("PING") for _ in range(2)), return_exceptions=True)
    assert all(isinstance(error, (RedisError, OSError)) for error in refused)
    with redis_server(tmp_path, port):
        assert await client.pipelined.ask("ECHO", "after") == b"after"
    await client.aclose()


async def test_a_caller_who_leaves_takes_no_others_reply(client: Redis) -> None:
    leaving = asyncio.create_task(client.pipelined.ask("ECHO", "left"))
    staying = asyncio.create_task(client.pipelined.ask("ECHO", "stayed"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"stayed"
    assert await client.pipelined.ask("ECHO", "later") == b"later"


async def test_watchers_hear_notices_also_after_the_scripts_were_flushed(client: Redis) -> None:
    wakes = Wakes(client)
    notices = RedisBulletin(client, wakes)
    async with asyncio.timeout(30), aclosing(RedisBulletin(client, wakes).follow("threads/t1")) as notes:
        assert await anext(notes) == b""
        for note in (b"one", b"two"):
            await client.script_flush()
            await notices.publish("threads/t1", note)
            assert await anext(notes) == note
    await wakes.close()


async def test_nothing_is_kept_of_users_without_pages(client: Redis) -> None:
    await client.flushall()
    pages, ann = RedisPageCache(client, life=60), Caller("default", "ann")
    await pages.invalidate(ann)
    assert await client.dbsize() == 0
    edition, _ = await pages.read(ann, "page")
    await pages.write(ann, "page", edition, b"content")
    await pages.invalidate(ann)
    assert (await pages.read(ann, "page"))[1] is None
