import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from typing import Any, TypeVar

import httpx

from lectern_client.doors.wire import Token, arguments, broken_by, reply_of
from lectern_client.protocol.plans import Emit, Open, Plan, Read, Wait, advance
from lectern_client.protocol.policy import Policy
from lectern_client.protocol.requests import Reply, Request

T = TypeVar("T")


class SyncDoor:
    """Carries plans out, blocking."""

    def __init__(self, http: httpx.Client, token: Token, policy: Policy) -> None:
        self.http = http
        self.token = token
        self.policy = policy

    def one(self, plan: Plan[T]) -> T:
        """The first item that the plan emits."""
        with closing(self.each(plan)) as items:
            return next(items)

    def each(self, plan: Plan[T]) -> Generator[T, None, None]:
        """The items as the plan emits them."""
        with closing(plan), closing(_Wire(self)) as wire:
            result: Any = None
            while (step := advance(plan, result)) is not None:
                if isinstance(step, Emit):
                    yield step.item
                    result = None
                else:
                    result = wire.carry_out(step)


class _Wire:
    """One exchange at a time."""

    def __init__(self, door: SyncDoor) -> None:
        self._door = door
        self._opened = ExitStack()
        self._chunks: Iterator[bytes] = iter(())

    def carry_out(self, step: Open | Read | Wait) -> Any:
        try:
            match step:
                case Open(request):
                    return self._open(request)
                case Read():
                    return next(self._chunks, b"")
                case Wait(seconds):
                    return time.sleep(seconds)
        except httpx.RequestError as error:
            return broken_by(error)

    def close(self) -> None:
        self._opened.close()

    def _open(self, request: Request) -> Reply:
        self.close()
        door = self._door
        built = door.http.build_request(**arguments(request, door.token, door.policy, self._opened))
        response = door.http.send(built, stream=True)
        self._opened.callback(response.close)
        self._chunks = response.iter_bytes()
        return reply_of(response)
