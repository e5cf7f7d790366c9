import asyncio
import time
from collections.abc import Sequence

from kit.bursts import LONGEST_SECONDS, BurstCommit


class Groups:
    """Notes each group."""

    def __init__(self) -> None:
        self.committed: list[list[int]] = []
        self.commits: BurstCommit[int, int] = BurstCommit(self._commit)

    async def _commit(self, items: Sequence[int]) -> list[int]:
        self.committed.append(list(items))
        return list(items)


async def test_a_call_by_itself_goes_at_once() -> None:
    groups = Groups()
    began = time.monotonic()
    for number in range(20):
        assert await groups.commits.add(number) == number
    assert time.monotonic() - began < LONGEST_SECONDS
    assert groups.committed == [[number] for number in range(20)]


async def test_calls_of_a_burst_wait_for_those_that_follow() -> None:
    async def arrive(number: int) -> int:
        await asyncio.sleep(number // 5 * 0.002)
        return await groups.commits.add(number)

    groups = Groups()
    assert await asyncio.gather(*(arrive(number) for number in range(20))) == list(range(20))
    assert len(groups.committed) <= 2


async def test_nobody_waits_long_for_a_burst_that_does_not_end() -> None:
    async def keep_coming() -> None:
        for number in range(1000):
            groups.commits.post(number)
            await asyncio.sleep(0.0005)

    groups = Groups()
    coming = asyncio.create_task(keep_coming())
    began = time.monotonic()
    await asyncio.gather(*(groups.commits.add(-number) for number in range(2)))
    assert time.monotonic() - began < 10 * LONGEST_SECONDS
    coming.cancel()
    await groups.commits.idle()
