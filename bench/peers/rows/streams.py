"""How many streams at 20 words a second run at once without a pause over 150 ms, and how soon the first word comes."""

from bench.load import users
from bench.load.orders import Caller, Order
from bench.peers.site import OURS, Measure, Site, interleaved
from bench.peers.table import Goal, Row

WORDS_PER_SECOND = 20.0
GAP_MS = 150.0
STEPS = (5, 10, 20, 30, 40, 60, 80, 120, 160, 240, 320, 400, 500, 640, 800)
# A stream in a hundred may have a pause: on a machine that is shared, no number would hold without.
WITH_GAP = 0.01
# Of the streams that were begun, so many must end within the time, which is half as long again as an answer.
LEAST_DONE = 0.7
SECONDS = 5.0
WARM_SECONDS = 3.0
ASKED = 40
TURNS, PLAIN, DIRECT = "whole turns", "ours, plain completions", "the provider itself"


class Search:
    """The largest of `STEPS` that holds: up by `stride` steps until one does not, then halfway between."""

    def __init__(self, stride: int = 3) -> None:
        self._stride = stride
        self._held, self._failed = -1, len(STEPS)
        self._at = stride // 2

    @property
    def number(self) -> int:
        """What to try next."""
        return STEPS[self._at]

    @property
    def held(self) -> int:
        return STEPS[self._held] if self._held >= 0 else 0

    @property
    def done(self) -> bool:
        return self._failed - self._held == 1

    def note(self, holds: bool) -> None:
        """What came of the number that was to be tried."""
        if holds:
            self._held = self._at
        else:
            self._failed = self._at
        beyond = self._held + self._stride
        self._at = beyond if self._failed == len(STEPS) and beyond < len(STEPS) else (self._held + self._failed) // 2


async def measure(site: Site) -> list[Row]:
    """Each system is searched in steps, and the steps are interleaved."""
    await site.script(words_per_second=WORDS_PER_SECOND)
    names = [TURNS, PLAIN, *site.litellms]
    searches = {name: Search(stride=4 if site.pace.quick else 3) for name in names}
    for name in names:  # what only a system's first streams cost
        await _holds(site, name, STEPS[0])
    while any(not search.done for search in searches.values()):
        for name, search in searches.items():
            if not search.done:
                search.note(await _holds(site, name, search.number))
    await site.script()
    held = {name: [float(search.held)] for name, search in searches.items()}
    row = Row(
        f"streams of {WORDS_PER_SECOND:g} words/s without a pause over {GAP_MS:g} ms, whole turns",
        "",
        held,
        [*(Goal(10, None, name) for name in site.litellms), Goal(None, 500)],
    )
    return [row, await _first_word(site)]


async def _holds(site: Site, name: str, number: int) -> bool:
    base_url, callers, marker, whole = _load(site, name, number)
    order = Order(
        "streams",
        base_url,
        callers,
        seconds=SECONDS,
        warm_seconds=WARM_SECONDS,
        marker=marker,
        whole=whole,
        gap_ms=GAP_MS,
    )
    outcome = await site.load(f"streams, {number} at once", name, order)
    enough = outcome.done >= LEAST_DONE * number
    return enough and outcome.failed == 0 and outcome.with_gap <= WITH_GAP * outcome.done


async def _first_word(site: Site) -> Row:
    names = [TURNS, PLAIN, DIRECT, *site.peers]
    found = await interleaved(site.pace.rounds, {name: _first(site, name) for name in names})
    beside = {
        name: [ours - direct for ours, direct in zip(found[name], found[DIRECT], strict=True) if ours]
        for name in names
        if name != DIRECT
    }
    return Row(
        "time to the first word beside the direct call, one client, p50, whole turn",
        "ms",
        {OURS: beside.pop(TURNS), **beside},
        [Goal(15, 3, more=False)],
        compared=False,
    )


def _first(site: Site, name: str) -> Measure:
    async def measure() -> float:
        base_url, callers, marker, whole = _load(site, name, ASKED)
        order = Order("closed", base_url, callers, seconds=2.0, connections=1, marker=marker, whole=whole)
        outcome = await site.load("first word, one client", name, order)
        return 0.0 if outcome.failed else outcome.first_p50  # a peer that does not stream has no figure

    return measure


def _load(site: Site, name: str, number: int) -> tuple[str, list[Caller], str, str]:
    """Where to, by whom, what each piece of text holds, and what every whole answer does."""
    stack = site.rig.stack
    if name == TURNS:
        callers = users.turns(site.rig, users.names("reader", number), stream=True)
        return stack.base_url, callers, users.DELTA, users.COMPLETED
    if name == PLAIN:
        headers = [users.headers(stack.token(user)) for user in users.names("client", number)]
        base_url, path = stack.base_url, "/openai/v1"
    else:
        peer = site.peers.get(name)
        headers = [dict(peer.headers) if peer else {"authorization": "Bearer bench"}] * number
        base_url, path = (peer.base_url if peer else site.rig.provider.base_url), "/v1"
    return base_url, users.completions(path, headers, stream=True), users.CONTENT, users.DONE
