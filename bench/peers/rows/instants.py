"""Three hundred uploads, and three hundred wishes for a report, in one instant."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from bench.load import users
from bench.load.generator import each_once
from bench.load.orders import NUMBER, Caller, Order
from bench.peers.site import OURS, Measure, Site, interleaved
from bench.peers.table import Goal, Row
from tests.pdfs import a_pdf

AT_ONCE = 300
SENTENCE = "In case {n} every wave carries energy from one place to another, and leaves matter where it is."
BOUNDARY = "lectern-bench"
DRAINED_SECONDS = 60.0


async def measure(site: Site) -> list[Row]:
    reports = await _reports(site)
    found = await interleaved(
        site.pace.rounds,
        {"uploads": _p99(site, "uploads", lambda: _uploads(site)), "reports": _p99(site, "reports", _same(reports))},
    )
    return [
        Row(
            f"{AT_ONCE} uploads in one instant, p99",
            "ms",
            {OURS: found["uploads"]},
            [Goal(1000, 500, more=False)],
        ),
        Row(
            f"{AT_ONCE} reports in one instant, p99",
            "ms",
            {OURS: found["reports"]},
            [Goal(250, 50, more=False)],
        ),
    ]


def _p99(site: Site, name: str, make: Callable[[], Awaitable[list[Caller]]]) -> Measure:
    async def measure() -> float:
        callers = await make()
        outcome = await site.load(name, OURS, Order("instant", site.rig.stack.base_url, callers))
        await _drained(site)
        return outcome.p99 if outcome.failed == 0 else float("inf")

    return measure


def _same(callers: list[Caller]) -> Callable[[], Awaitable[list[Caller]]]:
    async def same() -> list[Caller]:
        return callers

    return same


async def _uploads(site: Site) -> list[Caller]:
    """Of a new course: a file that is there already would be known by its bytes."""
    headers = users.teacher(site.rig)
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{site.rig.stack.base_url}/v1/courses", json={"title": "Many"}) as response,
    ):
        course = (await response.json())["name"]
    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return [
        Caller(f"/v1/{course}/documents", headers | kind, raw=base64.b64encode(_form(number)).decode())
        for number in range(AT_ONCE)
    ]


def _form(number: int) -> bytes:
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="files"; filename="script-{number}.pdf"\r\n'
    content = a_pdf([SENTENCE.format(n=number)])
    return f"{head}content-type: application/pdf\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


async def _reports(site: Site) -> list[Caller]:
    """Each of a thread with one turn in it."""
    names = users.names("reporter", AT_ONCE)
    turns = users.turns(site.rig, names)
    await each_once(site.rig.stack.base_url, turns, users.THREAD)
    callers = []
    async with aiohttp.ClientSession() as session:
        for name in names:
            headers = users.headers(site.rig.stack.token(name))
            async with session.get(f"{site.rig.stack.base_url}/v1/threads", headers=headers) as response:
                thread = (await response.json())["threads"][0]["name"]
            callers.append(Caller(f"/v1/{thread}/reports", headers, f'{{"requestId":"{NUMBER}"}}'))
    return callers


async def _drained(site: Site) -> None:
    """Waits until the jobs are done: they are not what is measured next."""
    headers = users.admin(site.rig)
    url = f"{site.rig.stack.base_url}/v1/queues"
    async with aiohttp.ClientSession() as session:
        for _ in range(int(DRAINED_SECONDS)):
            async with session.get(url, headers=headers) as response:
                queues = (await response.json()).get("queues", [])
            if not any(_at_work(queue) for queue in queues):
                return
            await asyncio.sleep(1.0)


def _at_work(queue: dict[str, Any]) -> bool:
    """Jobs that wait for a rate to let them in, as those of most reports do, are no work for now."""
    return bool(queue.get("runningCount", 0) or (queue.get("waitingCount", 0) and "rate" not in queue))
