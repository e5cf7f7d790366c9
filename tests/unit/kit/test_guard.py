"""What opens the breaker around a dependency, and what closes it."""

import asyncio
import time

import pytest

from kit.breaker.database import guarded
from kit.breaker.guard import Guard
from kit.breaker.memory import MemoryBoard
from kit.breaker.model import Rule
from kit.call import CURRENT, Call
from kit.errors import Conflict, DeadlineExceeded, LecternError, NotFound, Unavailable


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Store:
    """Raises what it is told to, and counts who gets through."""

    name = "store"

    def __init__(self) -> None:
        self.trouble: LecternError | None = None
        self.calls = 0

    async def read(self, key: str) -> str:
        self.calls += 1
        if self.trouble:
            raise self.trouble
        return key

    async def hang(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inner() -> Store:
    return Store()


@pytest.fixture
def store(inner: Store, clock: Clock) -> Store:
    return guarded(inner, Guard(MemoryBoard(Rule(minimum=3, open_for=2, probe_for=5), clock), "db", "away"))


async def fails(store: Store, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await store.read("a")


@pytest.mark.parametrize("trouble", [Unavailable("gone"), DeadlineExceeded("late")])
async def test_calls_fail_at_once_after_failures_until_a_probe_succeeds(
    store: Store, inner: Store, clock: Clock, trouble: LecternError
) -> None:
    inner.trouble = trouble
    for _ in range(3):
        await fails(store, type(trouble))
    inner.trouble = None
    await fails(store, Unavailable)
    assert inner.calls == 3
    clock.now = 2.0
    assert [await store.read("a"), await store.read("b")] == ["a", "b"]


async def test_refusals_are_answers_also_of_a_probe(store: Store, inner: Store, clock: Clock) -> None:
    inner.trouble = NotFound("no such thing")
    for _ in range(10):
        await fails(store, NotFound)
    inner.trouble = Unavailable("gone")
    for _ in range(10):
        await fails(store, Unavailable)
    assert inner.calls < 30
    clock.now, inner.trouble = 2.0, Conflict("lost")
    await fails(store, Conflict)
    await fails(store, Conflict)


@pytest.mark.parametrize(("seconds", "opens"), [(0.0, True), (60.0, False)])
async def test_a_deadline_that_passes_counts_and_a_caller_who_leaves_does_not(
    store: Store, inner: Store, seconds: float, opens: bool
) -> None:
    CURRENT.set(Call("read", {}, time.monotonic() + seconds))
    for _ in range(3):
        waiting = asyncio.create_task(store.hang())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    if opens:
        await fails(store, Unavailable)
    else:
        assert await store.read("a") == "a"
    assert inner.name == store.name
