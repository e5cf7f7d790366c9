"""Groups of calls that come in bursts. A wait that must not be is made so long that its test would not end."""

import asyncio
from collections.abc import Sequence

import pytest

from kit import group_commit
from kit.group_commit import BurstCommit

AGES = 3600.0


class Groups:
    """Notes each group."""

    def __init__(self) -> None:
        self.committed: list[list[int]] = []
        self.commits: BurstCommit[int, int] = BurstCommit(self._commit)

    async def _commit(self, items: Sequence[int]) -> list[int]:
        self.committed.append(list(items))
        return list(items)


async def test_a_call_by_itself_goes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "BURST_SECONDS_EACH", AGES)
    groups = Groups()
    async with asyncio.timeout(60):
        assert [await groups.commits.add(number) for number in range(20)] == list(range(20))
    assert groups.committed == [[number] for number in range(20)]


async def test_calls_of_a_burst_wait_for_those_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "BURST_SECONDS_EACH", 0.1)
    monkeypatch.setattr(group_commit, "BURST_SECONDS", AGES)

    async def arrive(number: int) -> int:
        await asyncio.sleep(number // 5 * 0.002)
        return await groups.commits.add(number)

    groups = Groups()
    assert await asyncio.gather(*(arrive(number) for number in range(20))) == list(range(20))
    assert groups.committed == [list(range(20))]


async def test_nobody_waits_for_a_burst_that_does_not_end() -> None:
    async def keep_coming() -> None:
        while True:
            groups.commits.post(1)
            await asyncio.sleep(0.0005)

    groups = Groups()
    coming = asyncio.create_task(keep_coming())
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(groups.commits.add(-number) for number in range(2))) == [0, -1]
    coming.cancel()
    await groups.commits.idle()
