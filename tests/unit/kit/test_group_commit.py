"""Writes of many callers as one."""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from kit.errors import Unavailable
from kit.group_commit import QUIET_SECONDS, GroupCommit

DEADLINE = contextvars.ContextVar("deadline", default="none")


@dataclass
class Ledger:
    """Notes each group, waits for its gate, and then answers as the items say."""

    groups: list[list[str]] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def commit(self, items: Sequence[str]) -> list[str | Exception]:
        self.groups.append(list(items))
        self.begun.set()
        self.contexts.append(DEADLINE.get())
        await self.gate.wait()
        if "away" in items:
            raise Unavailable("away")
        if "broken" in items:
            raise ValueError("broken")
        return [KeyError(item) if item == "refused" else item.upper() for item in items]


async def test_what_arrives_while_a_group_is_under_way_goes_with_the_next() -> None:
    ledger = Ledger()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit, most_in_a_group=3)
    first = asyncio.create_task(commits.add("a"))
    await ledger.begun.wait()
    rest = [asyncio.create_task(commits.add(item)) for item in "bcde"]
    await asyncio.sleep(0)
    ledger.gate.set()
    assert await asyncio.gather(first, *rest) == ["A", "B", "C", "D", "E"]
    assert ledger.groups == [["a"], ["b", "c", "d"], ["e"]]


async def test_nobody_fails_by_what_a_neighbour_brought() -> None:
    ledger = Ledger()
    ledger.gate.set()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit)
    added = (commits.add(item) for item in ("a", "broken", "refused", "b"))
    good, broken, refused, other = await asyncio.gather(*added, return_exceptions=True)
    assert (good, other) == ("A", "B")
    assert isinstance(broken, ValueError)
    assert isinstance(refused, KeyError)


async def test_a_server_that_is_away_is_asked_once_for_the_whole_group() -> None:
    ledger = Ledger()
    ledger.gate.set()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit)
    answers = await asyncio.gather(*(commits.add(item) for item in ("a", "away", "b")), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert ledger.groups == [["a", "away", "b"]]


async def test_who_is_cancelled_cancels_nothing() -> None:
    ledger = Ledger()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit)
    gone, stays = asyncio.create_task(commits.add("a")), asyncio.create_task(commits.add("b"))
    await ledger.begun.wait()
    gone.cancel()
    ledger.gate.set()
    assert await stays == "B"
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_group_has_no_callers_context() -> None:
    ledger = Ledger()
    ledger.gate.set()
    DEADLINE.set("soon")
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit)
    commits.post("a")
    await commits.idle()
    assert (ledger.groups, ledger.contexts) == ([["a"]], ["none"])


async def test_what_the_process_is_busy_with_goes_with_the_group() -> None:
    ledger = Ledger()
    ledger.gate.set()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit, patience=60)

    async def arrive(item: str, rounds: int) -> str:
        for _ in range(rounds):
            await asyncio.sleep(0)
        return await commits.add(item)

    await asyncio.gather(arrive("a", 0), arrive("b", 1), arrive("c", 3))
    assert ledger.groups == [["a", "b", "c"]]


async def test_a_full_group_waits_for_nobody() -> None:
    ledger = Ledger()
    ledger.gate.set()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit, most_in_a_group=2, patience=60)
    async with asyncio.timeout(10), busy():
        await asyncio.gather(commits.add("a"), commits.add("b"))
    assert ledger.groups == [["a", "b"]]


async def test_a_process_that_is_always_busy_commits_all_the_same() -> None:
    ledger = Ledger()
    ledger.gate.set()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit, patience=0.001)
    async with asyncio.timeout(10), busy():
        assert await commits.add("a") == "A"


@asynccontextmanager
async def busy() -> AsyncIterator[None]:
    """Something to do in every round of the loop."""

    async def work() -> None:
        while True:
            began = time.monotonic()
            while time.monotonic() - began < 2 * QUIET_SECONDS:
                pass
            await asyncio.sleep(0)

    working = asyncio.create_task(work())
    yield
    working.cancel()


async def test_where_the_group_before_was_shared_the_next_waits_for_as_long_as_that_took() -> None:
    ledger = Ledger()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit, delay=60)
    first = [asyncio.create_task(commits.add(item)) for item in "ab"]
    await ledger.begun.wait()
    next_one = asyncio.create_task(commits.add("c"))
    await asyncio.sleep(0.05)
    ledger.gate.set()
    await asyncio.gather(*first)
    last = asyncio.create_task(commits.add("d"))
    assert list(await asyncio.gather(next_one, last)) == ["C", "D"]
    assert ledger.groups == [["a", "b"], ["c", "d"]]


async def test_who_comes_alone_waits_for_nobody() -> None:
    ledger = Ledger()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit, delay=60)
    first = asyncio.create_task(commits.add("a"))
    await ledger.begun.wait()
    await asyncio.sleep(0.05)  # so long would a wait be that "a" gave cause to
    ledger.gate.set()
    await first
    second = asyncio.create_task(commits.add("b"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert list(await asyncio.gather(second, commits.add("c"))) == ["B", "C"]
    assert ledger.groups == [["a"], ["b"], ["c"]]


async def test_a_group_holds_so_much_and_at_least_one() -> None:
    ledger = Ledger()
    ledger.gate.set()
    commits: GroupCommit[str, str] = GroupCommit(ledger.commit, 4, size=len)
    await asyncio.gather(*(commits.add(item) for item in ("aaaaaa", "bb", "cc", "d")))
    assert ledger.groups == [["aaaaaa"], ["bb", "cc"], ["d"]]
