"""Redis goes and comes back, MongoDB comes late: what users see of it."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from redis.asyncio import Redis

from services.threads.settings import ThreadsSettings
from tests.grpc.threads.client import ThreadsClient, serve
from tests.servers import free_port, mongodb_server, redis_server


async def converse(client: ThreadsClient, question: str) -> str:
    turn = await client.answered(question, "Because.")
    newest = (await client.messages(turn.thread, page_size=2, order_by="sequence desc")).messages
    assert [message.sequence for message in newest] == [2 * turn.sequence, 2 * turn.sequence - 1]
    return turn.thread


async def test_conversations_go_on_while_redis_is_away_and_after(
    stack: AsyncExitStack, settings: ThreadsSettings, tmp_path: Path
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with redis_server(tmp_path, port):
        client = await serve(stack, settings.model_copy(update={"redis_url": url}))
        await client.renew("g1")
        thread = await converse(client, "Before?")
        assert [t.message_count for t in (await client.list()).threads] == [2]
    for _ in range(3):
        assert await converse(client, "During?") == thread
    assert [t.message_count for t in (await client.list()).threads] == [8]
    with redis_server(tmp_path, port):
        async with asyncio.timeout(30), Redis.from_url(url) as back:
            # A thread that the process knows does not ask Redis, but one that it meets for the first time does.
            number = 0
            while not await back.exists(f"thread:default:ann:after-{number}:7.3"):
                number += 1
                assert await converse(client, "After?") == thread
                await client.answered("After?", "Because.", course=f"courses/after-{number}")
        [listed] = (await client.list(course="courses/waves")).threads
        [newest] = (await client.messages(thread, page_size=1, order_by="sequence desc")).messages
        assert listed.message_count == newest.sequence


async def test_everything_works_without_caches(stack: AsyncExitStack, settings: ThreadsSettings) -> None:
    client = await serve(stack, settings.model_copy(update={"disable_cache": True}))
    await client.renew("g1")
    thread = await converse(client, "First?")
    assert await converse(client, "Second?") == thread
    assert [t.message_count for t in (await client.list()).threads] == [4]


async def test_a_quiet_watcher_hears_that_the_stream_is_alive(stack: AsyncExitStack, settings: ThreadsSettings) -> None:
    client = await serve(stack, settings.model_copy(update={"watch_heartbeat_seconds": 0.01}))
    await client.renew("g1")
    turn = await client.answered("Why?", "Because.")
    events = client.watch(turn.thread)
    assert (await anext(events)).HasField("heartbeat")
    await events.aclose()


async def test_an_instance_waits_for_mongodb_and_serves_once_it_is_there(
    stack: AsyncExitStack, settings: ThreadsSettings, tmp_path: Path
) -> None:
    port = free_port()
    late = settings.model_copy(
        update={"mongodb_uri": f"mongodb://127.0.0.1:{port}/?replicaSet=rs0", "mongodb_timeout_ms": 500}
    )
    starting = asyncio.create_task(serve(stack, late))
    done, _ = await asyncio.wait({starting}, timeout=1)
    assert not done
    with mongodb_server(tmp_path, port):
        client = await starting
        await client.renew("g1")
        await converse(client, "Here now?")
        await stack.aclose()
