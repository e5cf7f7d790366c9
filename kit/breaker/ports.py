from collections.abc import Iterable
from typing import Protocol

from kit.breaker.model import Standing, State


class Board(Protocol):
    """The breakers of many dependencies, by their ids."""

    async def admits(self, name: str) -> bool:
        """Whether a call may be made now; when half-open, True goes to one caller alone."""
        ...

    async def succeeded(self, name: str) -> None: ...

    async def failed(self, name: str) -> None: ...

    async def rest(self, name: str, seconds: float) -> None:
        """No call for so long, because the dependency asked for it."""
        ...

    async def force(self, name: str, state: State | None) -> None:
        """Holds a breaker open or closed until None lets it go."""
        ...

    async def reset(self, name: str) -> None:
        """Closes a breaker and forgets all that was counted, set or asked for."""
        ...

    async def standings(self, names: Iterable[str]) -> dict[str, Standing]: ...
