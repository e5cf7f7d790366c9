"""Commands one behind another over one connection, as a Redis with a password, a hanging one and a lost one answer."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from kit.redis import connect
from kit.settings import CommonSettings
from tests.servers import redis_server


async def test_it_says_who_it_is_and_which_database_it_means(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        first = connect(url, CommonSettings())
        await first.config_set("requirepass", "secret")
        place = url.partition("//")[2].partition("/")[0]
        client = connect(f"redis://:secret@{place}/3", CommonSettings())
        assert await client.pipelined.ask("SET", "key", "value") == b"OK"
        assert await client.get("key") == b"value"
        stranger = connect(f"redis://:wrong@{place}/3", CommonSettings())
        with pytest.raises(RedisConnectionError):
            await stranger.pipelined.ask("GET", "key")
        for each in (first, client, stranger):
            await each.aclose()


async def test_what_hangs_fails_for_all_who_wait_and_the_next_connection_is_another(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        client = connect(url, CommonSettings(), socket_timeout=0.2)
        server = (await client.info("server"))["process_id"]
        await client.pipelined.ask("PING")
        os.kill(server, signal.SIGSTOP)
        try:
            waiting = (client.pipelined.ask("INCR", "count") for _ in range(3))
            failed = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(error) for error in failed] == [RedisTimeoutError] * 3
        finally:
            os.kill(server, signal.SIGCONT)
        assert await client.pipelined.ask("ECHO", "again") == b"again"
        await client.aclose()


async def test_replies_of_a_closed_client_are_not_waited_for(redis_url: str) -> None:
    client = connect(redis_url, CommonSettings())
    await client.pipelined.ask("PING")
    waiting = asyncio.create_task(client.pipelined.ask("BLPOP", "nothing", 0))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(RedisConnectionError):
        await waiting
