"""Whether models can be had, by the breakers of those who call them."""

from collections.abc import AsyncGenerator

from kit.breaker.model import State
from kit.breaker.ports import Roster
from kit.errors import Unavailable
from kit.jobs.ports import Outlook


class BreakerHealth:
    """A class of models is away while all its breakers are open, and on trial until one of them is closed."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    async def outlook(self) -> Outlook:
        """Where nobody knows, nothing is held: a job that finds no model is put off by itself."""
        try:
            known = {name: set(states) for name, states in (await self._roster.states()).items()}
        except Unavailable:
            return Outlook()
        away = frozenset(name for name, states in known.items() if states == {State.OPEN})
        on_trial = frozenset(
            name for name, states in known.items() if State.HALF_OPEN in states and State.CLOSED not in states
        )
        return Outlook(away, on_trial)

    def changes(self) -> AsyncGenerator[None, None]:
        return self._roster.changes()
