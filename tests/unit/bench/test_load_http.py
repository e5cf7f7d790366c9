"""The generator's client, before the fake provider and before a server that breaks off."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from bench.fake_provider.server import FakeProvider
from bench.load.http import LOST, Connection, request

HOST = "127.0.0.1"
ASKED = {"model": "fake", "messages": [{"role": "user", "content": "What is a wave?"}]}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    provider = FakeProvider()
    provider.book.load({"default": {"text": "A wave carries energy."}})
    server = await asyncio.get_running_loop().create_server(provider.connection, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _asked(*, stream: bool) -> bytes:
    body = orjson.dumps({**ASKED, "stream": stream})
    return request("POST", "/v1/chat/completions", HOST, {"content-type": "application/json"}, body)


async def test_a_kept_connection_serves_one_answer_after_another(port: int) -> None:
    connection = Connection(HOST, port)
    answers = [await connection.ask(_asked(stream=False)) for _ in range(3)]
    connection.close()
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert all(orjson.loads(answer.body)["choices"] for answer in answers)


async def test_a_stream_is_read_to_its_last_chunk(port: int) -> None:
    connection = Connection(HOST, port, b'"content":')
    answer = await connection.ask(_asked(stream=True))
    again = await connection.ask(_asked(stream=False))
    connection.close()
    assert b"[DONE]" in answer.body
    assert answer.pieces
    assert again.status == 200, "nothing of the stream was left on the connection"


async def test_an_answer_that_breaks_off_is_lost() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it")
        writer.close()

    server = await asyncio.start_server(half, HOST, 0)
    async with server:
        answer = await Connection(HOST, server.sockets[0].getsockname()[1]).ask(request("GET", "/", HOST, {}))
    assert answer.status == LOST


async def test_a_marker_that_two_reads_share_is_one_piece() -> None:
    connection = Connection(HOST, 0, b'"delta":')
    connection._answer.body += b'data: {"del'
    connection._watch(b'ta":{"text":"A"}}')
    assert len(connection._answer.pieces) == 1
