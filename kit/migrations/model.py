from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

Database = AsyncDatabase[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Migration:
    """A change that is made once; where its runner dies it is begun again, so it must bear that.

    Versions before and after run at the same time while services are upgraded: a change adds what the new one reads,
    and what only the old one reads is taken away by a later version.
    """

    name: str
    change: Callable[[Database], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a version expects of a database: its indexes, looked at each time, and its migrations, in order."""

    database: Database
    indexes: Callable[[], Awaitable[None]]
    migrations: Sequence[Migration] = ()
