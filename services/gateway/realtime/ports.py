"""What rooms need of the other services."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kit.auth.caller import Caller
from services.gateway.model import Event


@dataclass(frozen=True, slots=True)
class TurnHappened:
    """An event of one of the thread's turns."""

    turn: str
    event: Event


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    """The thread was renamed or changed otherwise; it is shown as the API shows it."""

    thread: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ThreadGone:
    """The thread was deleted."""


Happened = TurnHappened | ThreadChanged | ThreadGone


class ThreadWatch(Protocol):
    def watch(self, caller: Caller, thread: str) -> AsyncGenerator[Happened | None, None]:
        """What happens in the thread from now on, running turns from their beginning; None while it is quiet.

        Raises NotFound for what is not the caller's, Unavailable where it breaks off.
        """
        ...
