"""Small calls through the edge: health, the list of one's threads, the status of a job."""

from collections.abc import Sequence

import aiohttp

from bench.load import users
from bench.load.orders import Caller, Order
from bench.peers.site import OURS, Measure, Site, interleaved
from bench.peers.table import Goal, Row

STUDENTS = 48
GOALS = {"health": 1000.0, "list of threads": 1500.0, "status of a job": 1500.0}


async def measure(site: Site) -> list[Row]:
    callers = {
        "health": [Caller("/v1/health")],
        "list of threads": users.reads(site.rig, users.names("student", STUDENTS), "/v1/threads"),
        "status of a job": await _jobs(site),
    }
    found = await interleaved(site.pace.rounds, {name: _rate(site, name, each) for name, each in callers.items()})
    return [Row(f"{name}, through the edge", "/s", {OURS: found[name]}, [Goal(GOALS[name])]) for name in callers]


def _rate(site: Site, name: str, callers: Sequence[Caller]) -> Measure:
    async def measure() -> float:
        order = Order("closed", site.rig.stack.base_url, callers, method="GET", seconds=site.pace.seconds / 2)
        return (await site.load(name, OURS, order)).per_second

    return measure


async def _jobs(site: Site) -> list[Caller]:
    """A job of each student's, that of an enqueued turn, and their wish to know how it stands."""
    found = []
    base_url = site.rig.stack.base_url
    async with aiohttp.ClientSession() as session:
        for name in users.names("student", STUDENTS):
            headers = users.headers(site.rig.stack.token(name))
            body = {"course": site.rig.course, "videoUrl": site.rig.video_url, "message": "What is a wave?"}
            async with session.post(f"{base_url}/v1/chat:enqueue", json=body, headers=headers) as response:
                response.raise_for_status()
                found.append(Caller(f"/v1/{(await response.json())['name']}", headers))
    return found
