"""The lease of a process is renewed while it has turns, and costs nothing while it has none."""

import asyncio

import pytest

from services.gateway.adapters.memory import MemoryThreads
from services.gateway.turns import owner_lease
from services.gateway.turns.owner_lease import OwnerLease


class CountingThreads(MemoryThreads):
    def __init__(self) -> None:
        super().__init__()
        self.renewals = 0
        self.renewed = asyncio.Event()

    async def renew(self, owner: str, *, release: bool = False) -> None:
        self.renewals += 1
        self.renewed.set()
        await super().renew(owner, release=release)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_lease, "BEAT_SECONDS", 0.01)


async def test_who_holds_it_is_known_to_live_when_the_block_ends() -> None:
    threads = CountingThreads()
    lease = OwnerLease(threads)
    async with lease.held():
        pass
    assert threads.owners == {lease.owner}


async def test_many_who_begin_within_a_second_cost_one_renewal() -> None:
    threads = CountingThreads()
    lease = OwnerLease(threads)

    async def begin() -> None:
        async with lease.held():
            await asyncio.sleep(0)

    await asyncio.gather(*(begin() for _ in range(20)))
    await begin()
    assert threads.renewals == 1


@pytest.mark.usefixtures("quick")
async def test_it_is_renewed_for_as_long_as_anybody_holds_it_and_rests_then() -> None:
    threads = CountingThreads()
    lease = OwnerLease(threads)
    beats = lease.beats()
    lease.hold()
    for _ in range(3):
        threads.renewed.clear()
        await anext(beats)
        assert threads.renewed.is_set()
    lease.let_go()
    resting = asyncio.ensure_future(anext(beats))
    await asyncio.wait({resting}, timeout=0.1)
    assert not resting.done()
    assert threads.renewals == 3
    lease.hold()
    await resting
    await beats.aclose()
