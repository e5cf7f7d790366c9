import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from kit.errors import LecternError
from kit.vitals.ports import Lookups, Vitals, VitalsBoard
from services.gateway.jobs.lines import Line, QueueLines
from services.gateway.stats.ports import Breaker, Breakers

T = TypeVar("T")
SECONDS = 5.0
CONTEXT_LAYERS = ("context_process", "context_redis")


@dataclass(frozen=True, slots=True)
class Stats:
    """The fleet as it is; `unanswered` names the parts that could not be asked and are empty here."""

    processes: Sequence[Vitals] = ()
    lines: Sequence[Line] = ()
    breakers: Sequence[Breaker] = ()
    unanswered: tuple[str, ...] = ()
    lookups: Mapping[str, Lookups] = field(default_factory=dict)

    @property
    def active_threads(self) -> int:
        """Threads in use of late; one that was answered by two processes counts twice."""
        return sum(process.active_threads for process in self.processes)

    @property
    def memory_bytes(self) -> int:
        return sum(process.memory_bytes for process in self.processes)

    @property
    def context_hit_rate(self) -> float:
        """The share of contexts that need not be built, 0 to 1: what a process does not hold it asks Redis for.

        A process looks up whole courses, in Redis the sources of one; so the shares are put together, not the counts.
        """
        near, far = (self.lookups.get(layer, Lookups()).hit_rate for layer in CONTEXT_LAYERS)
        return near + (1 - near) * far


class Gathering:
    """Asks everybody at once; who does not answer in time is left out and named."""

    def __init__(self, vitals: VitalsBoard, lines: QueueLines, breakers: Breakers) -> None:
        self._vitals = vitals
        self._lines = lines
        self._breakers = breakers

    async def stats(self) -> Stats:
        processes, lines, breakers = await asyncio.gather(
            _answered(self._vitals.read()), _answered(self._lines.all()), _answered(self._breakers.breakers())
        )
        parts = {"processes": processes, "queues": lines, "breakers": breakers}
        return Stats(
            processes=processes or (),
            lines=lines or (),
            breakers=breakers or (),
            unanswered=tuple(name for name, part in parts.items() if part is None),
            lookups=_by_layer(processes or ()),
        )


async def _answered(part: Awaitable[T]) -> T | None:
    try:
        async with asyncio.timeout(SECONDS):
            return await part
    except (LecternError, TimeoutError):
        return None


def _by_layer(processes: Sequence[Vitals]) -> Mapping[str, Lookups]:
    layers: defaultdict[str, Lookups] = defaultdict(Lookups)
    for process in processes:
        for layer, lookups in process.lookups.items():
            layers[layer] += lookups
    return dict(sorted(layers.items()))
