import asyncio

import pymongo.periodic_executor

from kit import mongo
from kit.sleeper import Sleeper

assert mongo  # what it changes of the driver is what is tested here


class Work:
    """Counts how often it is done."""

    def __init__(self) -> None:
        self.done = 0

    async def __call__(self) -> bool:
        self.done += 1
        return True


async def test_the_drivers_clients_sleep() -> None:
    assert pymongo.periodic_executor.AsyncPeriodicExecutor is Sleeper


async def test_it_works_every_interval() -> None:
    work = Work()
    sleeper = Sleeper(0.02, 0.01, work)
    sleeper.open()
    await asyncio.sleep(0.15)
    sleeper.close()
    await sleeper.join()
    assert 3 <= work.done <= 8


async def test_woken_it_works_soon_but_not_before_the_least_interval() -> None:
    work = Work()
    sleeper = Sleeper(60, 0.05, work)
    sleeper.open()
    await asyncio.sleep(0)
    sleeper.wake()
    await asyncio.sleep(0.01)
    assert work.done == 1
    await asyncio.sleep(0.1)
    assert work.done == 2
    sleeper.close()
    await sleeper.join()


async def test_who_has_more_to_do_works_at_once() -> None:
    async def work() -> bool:
        rounds.append(len(rounds))
        if len(rounds) < 3:
            sleeper.skip_sleep()
        return True

    rounds: list[int] = []
    sleeper = Sleeper(60, 30, work)
    sleeper.open()
    await asyncio.sleep(0.01)
    assert len(rounds) == 3
    sleeper.close()
    await sleeper.join()


async def test_what_closes_its_own_executor_ends_it_at_once() -> None:
    async def work() -> bool:
        sleeper.close()
        return True

    sleeper = Sleeper(60, 30, work)
    sleeper.open()
    async with asyncio.timeout(1):
        await sleeper.join()


async def test_work_that_says_so_is_not_done_again() -> None:
    async def work() -> bool:
        return False

    sleeper = Sleeper(60, 30, work)
    sleeper.open()
    async with asyncio.timeout(1):
        await sleeper.join()
