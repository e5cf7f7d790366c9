"""Whole turns and plain completions a second, each question a fresh one."""

from collections.abc import Sequence

from bench.load import users
from bench.load.generator import each_once
from bench.load.orders import Caller, Order
from bench.peers.site import OURS, Measure, Site, interleaved
from bench.peers.table import Goal, Row

STUDENTS = 96
CONNECTIONS = 24
TURNS, PLAIN = "whole turn", "plain completion"


async def measure(site: Site) -> list[Row]:
    """Both rows from the same rounds, so that the peers are measured once for both."""
    await site.script()
    await each_once(site.rig.stack.base_url, users.turns(site.rig, users.names("student", STUDENTS)), users.THREAD)
    found = await interleaved(
        site.pace.rounds,
        {
            TURNS: lambda: _rate(site, TURNS, OURS, _turns(site)),
            PLAIN: lambda: _rate(site, PLAIN, OURS, _plain(site)),
            **{name: _of_peer(site, name) for name in site.peers},
        },
    )
    peers = {name: found[name] for name in site.peers}
    return [
        Row(
            "whole turns, POST /v1/chat",
            "/s",
            {OURS: found[TURNS], **peers},
            [Goal(3, 10, name) for name in site.litellms],
            "beside plain completions of the peers",
        ),
        Row(
            "plain completions, with auth",
            "/s",
            {OURS: found[PLAIN], **peers},
            [*(Goal(6, None, name) for name in site.litellms), Goal(0.6, 1, "Portkey")],
        ),
        _processor(site, TURNS),
        _processor(site, PLAIN),
    ]


def _processor(site: Site, row: str) -> Row:
    """What does not depend on who else uses the machine."""
    peers = {name: site.processor_of(PLAIN, name) for name in site.peers}
    return Row(f"processor of a {row}, all processes of a system", "ms", {OURS: site.processor_of(row, OURS), **peers})


def _of_peer(site: Site, name: str) -> Measure:
    peer = site.peers[name]
    callers = users.completions("/v1", [peer.headers])
    return lambda: _rate(site, PLAIN, name, (peer.base_url, callers, users.CHOICES))


def _turns(site: Site) -> tuple[str, Sequence[Caller], str]:
    callers = users.turns(site.rig, users.names("student", STUDENTS))
    return site.rig.stack.base_url, callers, users.THREAD


def _plain(site: Site) -> tuple[str, Sequence[Caller], str]:
    tokens = [users.headers(site.rig.stack.token(user)) for user in users.names("client", STUDENTS)]
    return site.rig.stack.base_url, users.completions("/openai/v1", tokens), users.CHOICES


async def _rate(site: Site, row: str, system: str, load: tuple[str, Sequence[Caller], str]) -> float:
    base_url, callers, whole = load
    order = Order(
        "closed",
        base_url,
        callers,
        seconds=site.pace.seconds,
        warm_seconds=site.pace.warm_seconds,
        connections=CONNECTIONS,
        whole=whole,
    )
    return (await site.load(row, system, order)).per_second
