"""A thousand users at a human pace, and a classroom whose students ask what others ask too."""

import random

from bench.load import users
from bench.load.generator import each_once
from bench.load.orders import NUMBER, Caller, Order
from bench.load.rig import Rig
from bench.peers.site import OURS, Site
from bench.peers.table import Goal, Row

USERS = 1000
TURNS_A_MINUTE = 10
AVERAGE_MS = 500.0
SHARES = (1.0, 0.8, 0.65, 0.5, 0.35)
LECTURES = 8
STUDENTS = 30
QUESTIONS = 100
SKEW = 1.1
ASKED = (
    "What does {noun} carry?",
    "Why does {noun} stay where it is?",
    "How fast is {noun}?",
    "Where does {noun} come from?",
    "Is {noun} a form of energy?",
)
NOUNS = (
    "a wave", "the medium", "a ripple", "the cork", "the frequency", "the wavelength", "a cycle", "the energy",
    "a pond", "a particle", "the amplitude", "an echo", "a pulse", "the crest", "the trough", "a string",
    "the phase", "a node", "the sound", "the light",
)  # fmt: skip


async def measure(site: Site) -> list[Row]:
    await site.script()
    return [await _thousand(site), await _classroom(site)]


async def _thousand(site: Site) -> Row:
    """At ten turns a minute each, or else as fast as they are answered within half a second on average."""
    callers = users.turns(site.rig, users.names("user", USERS))
    wanted = USERS * TURNS_A_MINUTE / 60
    if not site.pace.quick:  # otherwise their first turns are measured, which make a title each
        await each_once(site.rig.stack.base_url, callers, users.THREAD)
    burst = Order("closed", site.rig.stack.base_url, callers, seconds=3.0, connections=24, whole=users.THREAD)
    able = (await site.load("1,000 users, as fast as it goes", OURS, burst)).per_second
    for rate in [wanted] * (able >= wanted) + [min(wanted, share * able) for share in SHARES[able >= wanted :]]:
        order = Order(
            "paced",
            site.rig.stack.base_url,
            callers,
            seconds=2 * site.pace.seconds,
            warm_seconds=2.0,
            per_second=rate,
            whole=users.THREAD,
        )
        outcome = await site.load(f"1,000 users, {rate:.0f} turns/s", OURS, order)
        if outcome.failed == 0 and outcome.mean <= AVERAGE_MS and outcome.per_second >= 0.9 * rate:
            break
    pace = outcome.per_second * 60 / USERS
    note = f"{pace:.1f} turns a minute each, average {outcome.mean:.0f} ms, p99 {outcome.p99:.0f} ms"
    return Row("1,000 users at once, turns a minute", "", {OURS: [outcome.per_second * 60]}, [Goal(None, 10_000)], note)


async def _classroom(site: Site) -> Row:
    """Every lecture has students whose questions follow Zipf's law: the same few are asked by many."""
    order = Order(
        "closed",
        site.rig.stack.base_url,
        _students(site.rig),
        seconds=2 * site.pace.seconds,
        warm_seconds=2.0,
        connections=24,
        whole=users.THREAD,
    )
    outcome = await site.load("classroom", OURS, order)
    note = f"{outcome.cached / max(1, outcome.done):.0%} from the cache of answers, p50 {outcome.p50:.0f} ms"
    name = f"a classroom: {LECTURES} lectures of {STUDENTS} students, questions by Zipf"
    return Row(name, "turns/s", {OURS: [outcome.per_second]}, note=note)


def _students(rig: Rig) -> list[Caller]:
    """In an order by chance; each student comes several times, with another question."""
    chance = random.Random(12)
    questions = [text.format(noun=noun) for noun in NOUNS for text in ASKED][:QUESTIONS]
    weights = [1 / rank**SKEW for rank in range(1, len(questions) + 1)]
    callers = []
    for _ in range(10):
        for lecture in range(LECTURES):
            names = users.names(f"lecture-{lecture}", STUDENTS)
            for name, question in zip(names, chance.choices(questions, weights, k=STUDENTS), strict=True):
                callers += users.turns(rig, [name], question=f"In lecture {lecture}: {question}")
    chance.shuffle(callers)
    assert NUMBER in callers[0].body, "each turn has a request of its own"
    return callers
