from collections.abc import AsyncGenerator
from datetime import datetime

from kit.jobs.ports import Outlook, Signal, Signals, Topic


class MemoryHealth:
    """Providers that are away, or on trial, because somebody in this process said so."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self.on_trial: set[str] = set()

    async def outlook(self) -> Outlook:
        return Outlook(frozenset(self.missing), frozenset(self.on_trial))

    async def changes(self) -> AsyncGenerator[None, None]:
        """None are told: whoever changes the sets is not asked to say so."""
        for change in list[None]():
            yield change


class MemoryChanges:
    """Which jobs changed, in order; for tests."""

    def __init__(self, signals: Signals | None = None) -> None:
        self.jobs: list[str] = []
        self._signals = signals

    async def changed(self, *jobs: str) -> None:
        self.jobs.extend(jobs)

    async def delayed(self, due: datetime) -> None:
        if self._signals is not None:
            await self._signals.send(Signal(Topic.DUE, due=due))
