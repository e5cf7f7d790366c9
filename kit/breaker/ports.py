from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
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


class Roster(Protocol):
    """Which breakers stand before each class of model. Both raise Unavailable while it is away."""

    async def post(self, routes: Mapping[str, Sequence[str]]) -> None:
        """The ids of the breakers by class, until somebody posts others; forgotten a minute after the last post."""

    async def states(self) -> Mapping[str, Collection[State]]:
        """How the breakers of each class stand; one that rests counts as open."""

    def changes(self) -> AsyncGenerator[None, None]:
        """Yields when a breaker may stand differently, though not when only time has passed; some may be missed."""
