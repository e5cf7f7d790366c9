from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a turn: its number, its serialized `TurnEvent`, and whether it is the last."""

    sequence: int
    payload: bytes
    final: bool = False


class TurnLog(Protocol):
    """The events of turns, kept until ten minutes after the end."""

    async def append(self, turn: str, token: int, entries: Sequence[Entry]) -> None:
        """Keeps the entries; those that are there already are passed over.

        Raises Conflict (LEASE_LOST) under an older fencing token, Unavailable while the log is away.
        """

    async def read(self, turn: str, after: int = 0) -> list[Entry]:
        """The entries after a sequence, in order; raises Unavailable while the log is away."""

    def follow(self, turn: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        """The entries after a sequence as they come, until the final one; waits while the log is away."""


class Bulletin(Protocol):
    """Short notes to everyone who watches a thread, on every instance."""

    async def publish(self, thread: str, note: bytes) -> None:
        """Tells the watchers; raises Unavailable while the bulletin is away."""

    def follow(self, thread: str) -> AsyncGenerator[bytes, None]:
        """The notes from now on; the first item is empty and says that nothing from here on is missed."""
