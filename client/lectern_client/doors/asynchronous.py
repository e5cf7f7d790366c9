import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, ExitStack, aclosing, closing
from typing import Any, TypeVar

import httpx

from lectern_client.doors.wire import Token, arguments, broken_by, reply_of
from lectern_client.protocol.plans import Emit, Open, Plan, Read, Wait, advance
from lectern_client.protocol.policy import Policy
from lectern_client.protocol.requests import Reply, Request

T = TypeVar("T")


class AsyncDoor:
    """Carries plans out on an event loop."""

    def __init__(self, http: httpx.AsyncClient, token: Token, policy: Policy) -> None:
        self.http = http
        self.token = token
        self.policy = policy

    async def one(self, plan: Plan[T]) -> T:
        """The first item that the plan emits."""
        async with aclosing(self.each(plan)) as items:
            return await anext(items)

    async def each(self, plan: Plan[T]) -> AsyncGenerator[T, None]:
        """The items as the plan emits them."""
        with closing(plan):
            async with aclosing(_Wire(self)) as wire:
                result: Any = None
                while (step := advance(plan, result)) is not None:
                    if isinstance(step, Emit):
                        yield step.item
                        result = None
                    else:
                        result = await wire.carry_out(step)


class _Wire:
    """One exchange at a time."""

    def __init__(self, door: AsyncDoor) -> None:
        self._door = door
        self._opened = AsyncExitStack()
        self._chunks: AsyncIterator[bytes] | None = None

    async def carry_out(self, step: Open | Read | Wait) -> Any:
        try:
            match step:
                case Open(request):
                    return await self._open(request)
                case Read() if self._chunks is not None:
                    return await anext(self._chunks, b"")
                case Wait(seconds):
                    return await asyncio.sleep(seconds)
        except httpx.RequestError as error:
            return broken_by(error)

    async def aclose(self) -> None:
        await self._opened.aclose()

    async def _open(self, request: Request) -> Reply:
        await self.aclose()
        door = self._door
        files = self._opened.enter_context(ExitStack())
        built = door.http.build_request(**arguments(request, door.token, door.policy, files))
        response = await door.http.send(built, stream=True)
        self._opened.push_async_callback(response.aclose)
        self._chunks = response.aiter_bytes()
        return reply_of(response)
