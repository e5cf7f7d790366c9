"""Every board of breakers opens, rests, lets one probe through, and closes again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from kit.breaker.memory import MemoryBoard
from kit.breaker.model import Rule, State
from kit.breaker.ports import Board
from kit.breaker.shared import SharedBoard
from kit.redis import connect
from kit.settings import CommonSettings

RULE = Rule(share=0.5, minimum=4, window=30, open_for=0.2, probe_for=30)
Make = Callable[[], Awaitable[Board]]


@pytest.fixture(params=["memory", "redis"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Boards of several processes: over one Redis, or the same one twice."""
    async with AsyncExitStack() as stack:
        alone, prefix = MemoryBoard(RULE), uuid4().hex

        async def board() -> Board:
            if request.param == "memory":
                return alone
            client = connect(request.getfixturevalue("redis_url"), CommonSettings())
            stack.push_async_callback(client.aclose)
            shared = SharedBoard(client, MemoryBoard(RULE), prefix=prefix, refresh=0.02)
            return await stack.enter_async_context(shared)

        yield board


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - what is awaited happens in Redis
            await asyncio.sleep(0)


async def opened(board: Board) -> None:
    for _ in range(RULE.minimum):
        await board.failed("p")


async def test_it_opens_at_its_share_of_failures_and_not_before(make: Make) -> None:
    board = await make()
    for outcome in (board.succeeded, board.succeeded, board.succeeded, board.failed, board.failed):
        await outcome("p")
    assert await board.admits("p")

    await board.failed("p")

    assert not await board.admits("p")
    assert (await board.standings(["p"]))["p"].state is State.OPEN


async def test_few_requests_do_not_open_it(make: Make) -> None:
    board = await make()
    for _ in range(RULE.minimum - 1):
        await board.failed("p")

    assert await board.admits("p")


async def test_one_process_opens_it_for_all(make: Make) -> None:
    one, other = await make(), await make()
    assert await other.admits("p")

    await opened(one)

    async def refused() -> bool:
        return not await other.admits("p")

    await until(refused)


async def test_one_probe_passes_and_its_success_closes_it(make: Make) -> None:
    one, other = await make(), await make()
    await opened(one)
    await until(lambda: one.admits("p"))

    assert [await one.admits("p"), await other.admits("p")] == [False, False]

    await one.succeeded("p")
    await until(lambda: other.admits("p"))
    assert (await one.standings(["p"]))["p"].state is State.CLOSED


async def test_a_failed_probe_opens_it_again(make: Make) -> None:
    board = await make()
    await opened(board)
    await until(lambda: board.admits("p"))

    await board.failed("p")

    assert not await board.admits("p")
    assert (await board.standings(["p"]))["p"].opens_in > 0


async def test_it_rests_as_long_as_it_is_told(make: Make) -> None:
    one, other = await make(), await make()

    await one.rest("p", 300)

    assert not await one.admits("p")
    assert not await other.admits("p")
    assert 290 < (await other.standings(["p"]))["p"].rests_for <= 300


async def test_an_operator_holds_it_open_or_closed(make: Make) -> None:
    board = await make()
    await board.force("p", State.OPEN)
    assert not await board.admits("p")

    await board.force("p", State.CLOSED)
    await opened(board)
    assert await board.admits("p")

    await board.force("p", None)
    assert (await board.standings(["p"]))["p"].forced is None


async def test_a_reset_forgets_everything(make: Make) -> None:
    board = await make()
    await opened(board)
    await board.rest("p", 300)

    await board.reset("p")

    assert await board.admits("p")


async def test_without_redis_each_process_decides_alone() -> None:
    client = connect("redis://127.0.0.1:1/0", CommonSettings())
    async with SharedBoard(client, MemoryBoard(RULE)) as board:
        assert await board.admits("p")
        await opened(board)
        assert not await board.admits("p")
        await until(lambda: board.admits("p"))
    await client.aclose()


async def test_a_breaker_that_was_idle_is_asked_for_before_it_decides(redis_url: str) -> None:
    prefix, client = uuid4().hex, connect(redis_url, CommonSettings())
    boards = [
        SharedBoard(client, MemoryBoard(RULE), prefix=prefix, refresh=3600, linger=linger) for linger in (3600, 0)
    ]
    async with boards[0] as one, boards[1] as idle:
        assert await idle.admits("p")
        await opened(one)
        assert not await idle.admits("p")
    await client.aclose()


async def test_a_breaker_that_nobody_uses_costs_nothing(redis_url: str) -> None:
    client = connect(redis_url, CommonSettings())

    async def recorded() -> int:
        stats = await client.info("commandstats")
        return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))

    async with SharedBoard(client, MemoryBoard(RULE), prefix=uuid4().hex, refresh=0.001, linger=0) as board:
        assert await board.admits("p")
        await board.succeeded("p")
        await until(lambda: counted(board))
        before = await recorded()
        for _ in range(20):
            await client.ping()
            await asyncio.sleep(0.001)
        assert await recorded() == before
    await client.aclose()


async def counted(board: SharedBoard) -> bool:
    return not board._in_use.is_set()
