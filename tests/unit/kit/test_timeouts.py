"""Limits behave as those of asyncio do, although they share a timer."""

import asyncio
import time
from collections.abc import Iterator

import pytest
import uvloop

from kit.timeouts import Limit, within


@pytest.fixture(params=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if request.param == "uvloop" else None) as made:
        yield made


async def _forever() -> None:
    await asyncio.Event().wait()


def test_what_takes_too_long_is_ended(runner: asyncio.Runner) -> None:
    async def run() -> None:
        limit = within(0.05)
        with pytest.raises(TimeoutError), limit:
            await _forever()
        assert limit.expired
        assert asyncio.get_running_loop().time() > limit.when - 0.01
        assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]

    runner.run(run())


def test_what_ends_in_time_is_left_alone(runner: asyncio.Runner) -> None:
    async def run() -> None:
        with within(0.3) as limit:
            await asyncio.sleep(0)
        await asyncio.sleep(0.4)
        assert not limit.expired

    runner.run(run())


def test_a_limit_that_has_passed_ends_the_first_wait(runner: asyncio.Runner) -> None:
    async def run() -> None:
        with pytest.raises(TimeoutError), within(-1):
            await _forever()

    runner.run(run())


def test_each_ends_at_its_own_time_whatever_the_order(runner: asyncio.Runner) -> None:
    ended: list[float] = []

    async def wait(seconds: float) -> None:
        with pytest.raises(TimeoutError), within(seconds):
            await _forever()
        ended.append(seconds)

    async def run() -> None:
        await asyncio.gather(*map(wait, (0.09, 0.03, 0.12, 0.06)))

    runner.run(run())
    assert ended == [0.03, 0.06, 0.09, 0.12]


def test_those_that_are_late_end_in_their_order(runner: asyncio.Runner) -> None:
    ended: list[int] = []

    async def wait(number: int, began: float) -> None:
        with pytest.raises(TimeoutError), Limit(began + number / 1000):
            await _forever()
        ended.append(number)

    async def run() -> None:
        began = asyncio.get_running_loop().time()
        waiting = asyncio.gather(*(wait(number, began) for number in range(20, 0, -1)))
        await asyncio.sleep(0)
        time.sleep(0.05)  # noqa: ASYNC251 - nothing runs meanwhile, so that all are due in one moment
        await waiting

    runner.run(run())
    assert ended == list(range(1, 21))


def test_the_outer_limit_ends_an_inner_block_too(runner: asyncio.Runner) -> None:
    async def run() -> None:
        with pytest.raises(TimeoutError), within(0.02) as outer, within(10) as inner:
            await _forever()
        assert (outer.expired, inner.expired) == (True, False)

    runner.run(run())


def test_both_at_once_are_told_by_the_outer_one(runner: asyncio.Runner) -> None:
    async def run() -> None:
        when = asyncio.get_running_loop().time() + 0.02
        with pytest.raises(TimeoutError), Limit(when), Limit(when):
            await _forever()
        assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]

    runner.run(run())


def test_a_cancellation_from_elsewhere_stays_one(runner: asyncio.Runner) -> None:
    async def wait() -> None:
        with within(10):
            await _forever()

    async def run() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    runner.run(run())


def test_an_error_of_the_block_is_told_as_itself(runner: asyncio.Runner) -> None:
    async def run() -> None:
        with pytest.raises(KeyError), within(10):
            raise KeyError

    runner.run(run())
