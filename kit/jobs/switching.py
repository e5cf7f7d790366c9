"""Pausing and resuming queues, so that it shows at once."""

from typing import Protocol

from kit.jobs.ports import QueueCensus, QueueCounts, QueueSwitches, Signal, Signals, Topic


class Queues(QueueSwitches, QueueCensus, Protocol):
    """What is kept of queues."""


class SignalledQueues:
    """Queues whose switches the dispatcher hears of at once; without a signal it sees them when it looks again."""

    def __init__(self, queues: Queues, signals: Signals) -> None:
        self._queues = queues
        self._signals = signals

    async def paused(self) -> frozenset[str]:
        return await self._queues.paused()

    async def set_paused(self, queue: str, paused: bool) -> None:
        await self._queues.set_paused(queue, paused)
        await self._signals.send(Signal(Topic.RULES))

    async def counts(self, queue: str) -> QueueCounts:
        return await self._queues.counts(queue)
