"""Where ours and the peers stand side by side: one stack, one provider, one machine."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.load.generator import generate
from bench.load.orders import Order, Outcome
from bench.load.rig import ANSWER, Rig
from bench.load.usage import Usage
from bench.peers.server import Peer

OURS = "ours"
SETTLE_SECONDS = 0.5
QUIET_TRIES = 8
QUIET_SHARE = 0.3  # of one core
Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Pace:
    """How long things are measured, and how often."""

    rounds: int = 3
    seconds: float = 5.0
    warm_seconds: float = 1.0
    quick: bool = False


@dataclass(frozen=True)
class Site:
    """`folder` keeps the peers' logs while they run; `raw` is what was measured, for the file that is kept."""

    rig: Rig
    peers: Mapping[str, Peer]
    pace: Pace
    folder: Path
    raw: list[dict[str, Any]] = field(default_factory=list)

    def processor_of(self, name: str, system: str) -> list[float]:
        """Milliseconds of all processes of a system for one of the loads of this name, by round."""
        own = self.rig.stack.programs if system == OURS else (system,)
        rounds = [each for each in self.raw if (each["row"], each["system"]) == (name, system)]
        return [sum(each["processor_ms_each"].get(process, 0.0) for process in own) for each in rounds]

    async def load(self, name: str, system: str, order: Order) -> Outcome:
        """What came of a load on one of the systems, kept with what each of them took of the processor."""
        usage = Usage(self.pids())
        await _quiet(usage)
        outcome = await generate(order)
        taken = usage.since()
        each = max(1, outcome.in_all)
        measured = {"done": outcome.done, "per_second": outcome.per_second, **_plain(outcome)}
        by_process = {who: round(ms / each, 3) for who, ms in taken.items()}
        self.raw.append({"row": name, "system": system, **measured, "processor_ms_each": by_process})
        return outcome

    async def script(self, words_per_second: float = 0.0, first_token_ms: float = 0.0) -> None:
        """How the one provider answers all from here on."""
        script: dict[str, Any] = {"words_per_second": words_per_second, "first_token_ms": first_token_ms}
        await self.rig.provider.script(text=ANSWER, **script)

    @property
    def litellms(self) -> list[str]:
        """LiteLLM by the number of its workers."""
        return [name for name in self.peers if name.startswith("LiteLLM")]

    def pids(self) -> dict[str, int]:
        """Every process that is watched, by name."""
        own = {name: self.rig.stack.pid(name) for name in self.rig.stack.programs}
        others = {name: peer.pid for name, peer in self.peers.items()}
        return own | others | {"provider (fake)": self.rig.provider.pid}


async def _quiet(usage: Usage) -> None:
    """Returns when what was measured before has done what it put off, or after a while all the same."""
    for _ in range(QUIET_TRIES):
        usage.since()
        await asyncio.sleep(SETTLE_SECONDS)
        if sum(usage.since().values()) < QUIET_SHARE * SETTLE_SECONDS * 1000:
            return


async def interleaved(rounds: int, measures: Mapping[str, Measure]) -> dict[str, list[float]]:
    """A B C, A B C, A B C: what changes on the machine meanwhile changes it for all."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(await measure())
    return found


def _plain(outcome: Outcome) -> dict[str, Any]:
    names = (
        "seconds",
        "mean",
        "p50",
        "p99",
        "slowest",
        "first_p50",
        "first_p99",
        "with_gap",
        "gap_p99",
        "late",
        "cached",
    )
    figures = {name: round(getattr(outcome, name), 3) for name in names}
    generator = outcome.processor_ms / max(1, outcome.done)
    return figures | {
        "statuses": dict(outcome.statuses),
        "generator_ms_each": round(generator, 3),
        "bodies": list(outcome.bodies),
    }
