"""The HTTP server tells the date although nothing ticks, and leaves when it is told."""

import asyncio
from contextlib import AsyncExitStack
from email.utils import parsedate_to_datetime

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.gateway.http.server import DatedState, serve_http

pytestmark = pytest.mark.timeout(30)


async def hello(_: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


def test_the_date_is_that_of_the_response() -> None:
    now = [1_000_000_000.9]
    state = DatedState(_loaded(), clock=lambda: now[0])
    assert dict(state.default_headers)[b"date"] == b"Sun, 09 Sep 2001 01:46:40 GMT"
    now[0] += 1
    headers = state.default_headers
    assert dict(headers)[b"date"] == b"Sun, 09 Sep 2001 01:46:41 GMT"
    assert dict(headers)[b"server"] == b"uvicorn"
    assert state.default_headers is headers  # it is written once a second, however many responses there are


async def test_responses_tell_the_date_and_the_server_leaves_when_told() -> None:
    app = Starlette(routes=[Route("/", hello)])
    async with AsyncExitStack() as stack, httpx.AsyncClient() as client:
        port = await serve_http(app, "127.0.0.1:0", stack)
        answer = await client.get(f"http://127.0.0.1:{port}/")
        assert parsedate_to_datetime(answer.headers["date"]).tzinfo is not None
        assert answer.headers.get_list("date") == [answer.headers["date"]]
        await asyncio.wait_for(stack.aclose(), 10)
        with pytest.raises(httpx.ConnectError):
            await httpx.AsyncClient().get(f"http://127.0.0.1:{port}/")


async def test_a_server_without_requests_sets_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, timers = asyncio.get_running_loop(), list[float]()
    async with AsyncExitStack() as stack:
        with monkeypatch.context() as patched:
            patched.setattr(loop, "call_later", lambda delay, *_, **__: timers.append(delay))
            await serve_http(Starlette(routes=[Route("/", hello)]), "127.0.0.1:0", stack)
            for _ in range(20):
                await asyncio.sleep(0)
        assert not timers


def _loaded() -> uvicorn.Config:
    config = uvicorn.Config(hello, log_config=None)
    config.load()
    return config
