import asyncio

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from services.gateway.http.bodies import while_connected


class Client:
    """What an ASGI application receives of a client, that leaves when it is told to."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}


async def test_the_work_is_done_while_the_client_waits() -> None:
    async def work() -> str:
        return "done"

    assert await while_connected(Client().receive, work()) == "done"


async def test_a_client_that_goes_cancels_the_work_and_nothing_else() -> None:
    client, ended = Client(), asyncio.Event()

    async def work() -> None:
        client.left.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ClientDisconnect):
        await while_connected(client.receive, work())
    assert ended.is_set()
    await asyncio.sleep(0)  # the task goes on: it was not cancelled for good
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_what_cancels_from_outside_stays_a_cancellation() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(while_connected(Client().receive, work()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_error_of_the_work_is_its_own() -> None:
    async def work() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await while_connected(Client().receive, work())
