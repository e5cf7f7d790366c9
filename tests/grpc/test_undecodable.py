"""Bytes that are no request, sent to a real server."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio

from tests.system import STUDENT, System, whole_system

GARBLED = b"\xff\xff\xff"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri) as made:
        yield made


async def test_they_are_refused_as_an_invalid_argument_once_the_caller_is_known(system: System) -> None:
    async with system.channel("gateway") as channel:
        plain: Any = channel.unary_unary("/lectern.chat.v1.ChatService/CreateTurn")
        stream: Any = channel.unary_stream("/lectern.chat.v1.ChatService/StreamTurn")
        known = {"metadata": system.metadata(STUDENT), "timeout": 10}
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await plain(GARBLED, **known)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await anext(aiter(stream(GARBLED, **known)))
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await plain(GARBLED, timeout=10)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
