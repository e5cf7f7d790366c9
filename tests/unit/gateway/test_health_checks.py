"""Parts are asked once a second, however many want to know."""

import asyncio

from services.gateway.health.checks import Check, Examiner, Status


class Part:
    """A part that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    async def ask(self) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError


async def test_many_who_ask_at_once_cost_one_examination() -> None:
    part, now = Part(), [0.0]
    examiner = Examiner({"mongodb": Check(part.ask, needed=True)}, clock=lambda: now[0])
    found = await asyncio.gather(*(examiner.examination() for _ in range(50)))
    assert {each.status for each in found} == {Status.HEALTHY}
    assert part.asked == 1


async def test_what_goes_away_is_known_a_second_later() -> None:
    part, now = Part(), [0.0]
    examiner = Examiner({"mongodb": Check(part.ask, needed=True)}, clock=lambda: now[0])
    await examiner.examination()
    part.away = True
    now[0] = 0.9
    assert (await examiner.examination()).status is Status.HEALTHY
    now[0] = 1.0
    assert (await examiner.examination()).status is Status.UNHEALTHY


async def test_who_stops_waiting_does_not_end_the_examination_of_others() -> None:
    part = Part()
    examiner = Examiner({"redis": Check(part.ask, needed=False)})
    leaver, stayer = (asyncio.create_task(examiner.examination()) for _ in range(2))
    await asyncio.sleep(0)
    leaver.cancel()
    assert (await stayer).status is Status.HEALTHY
    assert part.asked == 1
