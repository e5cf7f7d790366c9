"""Redis goes away and comes back: what stands in, and what is made up for."""

from dataclasses import dataclass

import pytest

from kit.auth.caller import Caller
from kit.errors import Unavailable
from kit.outage import PAUSE_SECONDS, Outage
from services.threads.adapters.memory.hot import MemoryHotThreads
from services.threads.adapters.memory.pages import MemoryPageCache
from services.threads.adapters.outages import NearHotThreads, SteadyHotThreads, SteadyPageCache
from services.threads.model import ThreadKey

KEY = ThreadKey("default", "ann", "waves")
ANN = Caller("default", "ann")


@dataclass
class Switch:
    """A clock, and a line that can be cut."""

    now: float = 0.0
    cut: bool = False
    tries: int = 0

    def check(self) -> None:
        self.tries += 1
        if self.cut:
            raise Unavailable("cut")

    async def look(self) -> None:
        self.check()


class FarHotThreads(MemoryHotThreads):
    def __init__(self, switch: Switch) -> None:
        super().__init__(life=60)
        self._switch = switch

    async def recall(self, key: ThreadKey) -> str | None:
        self._switch.check()
        return await super().recall(key)


class FarPageCache(MemoryPageCache):
    def __init__(self, switch: Switch) -> None:
        super().__init__(life=60)
        self._switch = switch

    async def read(self, caller: Caller, name: str) -> tuple[str, bytes | None]:
        self._switch.check()
        return await super().read(caller, name)

    async def invalidate(self, caller: Caller) -> None:
        self._switch.check()
        await super().invalidate(caller)


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def outage(switch: Switch) -> Outage:
    return Outage("test", switch.look, clock=lambda: switch.now)


async def test_threads_are_kept_here_while_the_shared_cache_is_away(switch: Switch, outage: Outage) -> None:
    shared, local = FarHotThreads(switch), MemoryHotThreads(life=60)
    steady = SteadyHotThreads(shared, local, outage)
    await steady.remember(KEY, "t1")
    switch.cut = True
    assert await steady.recall(KEY) is None
    await steady.remember(KEY, "t1")
    assert await steady.recall(KEY) == "t1"
    assert await local.recall(KEY) == "t1"


async def test_one_look_a_second_finds_whether_it_is_back(switch: Switch, outage: Outage) -> None:
    steady = SteadyHotThreads(FarHotThreads(switch), MemoryHotThreads(life=60), outage)
    switch.cut = True
    for _ in range(10):
        await steady.recall(KEY)
    assert switch.tries == 1
    switch.now += PAUSE_SECONDS
    for _ in range(10):
        await steady.recall(KEY)
    await outage.looked()
    assert switch.tries == 2


async def test_the_shared_cache_is_used_again_once_it_is_back(switch: Switch, outage: Outage) -> None:
    shared = FarHotThreads(switch)
    await shared.remember(KEY, "t1")
    steady = SteadyHotThreads(shared, MemoryHotThreads(life=60), outage)
    switch.cut = True
    assert await steady.recall(KEY) is None
    switch.cut, switch.now = False, switch.now + PAUSE_SECONDS
    await steady.recall(KEY)
    await outage.looked()
    assert await steady.recall(KEY) == "t1"


async def test_pages_that_became_stale_meanwhile_are_never_served(switch: Switch, outage: Outage) -> None:
    shared = FarPageCache(switch)
    steady = SteadyPageCache(shared, outage)
    edition, _ = await steady.read(ANN, "page")
    await steady.write(ANN, "page", edition, b"old")
    switch.cut = True
    assert await steady.read(ANN, "page") == ("", None)
    await steady.invalidate(ANN)
    switch.cut, switch.now = False, switch.now + PAUSE_SECONDS
    assert (await steady.read(ANN, "page"))[1] is None
    await outage.looked()
    assert (await steady.read(ANN, "page"))[1] is None
    assert not outage.away


async def test_the_shared_cache_is_asked_for_a_thread_only_once(switch: Switch) -> None:
    shared = FarHotThreads(switch)
    await shared.remember(KEY, "t1")
    near = NearHotThreads(MemoryHotThreads(life=60), shared)
    assert [await near.recall(KEY) for _ in range(5)] == ["t1"] * 5
    assert switch.tries == 1
    await near.forget(KEY)
    assert await near.recall(KEY) is None
    assert switch.tries == 2
