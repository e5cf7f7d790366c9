"""Plans: generators that say what to do next. A door does it; nothing here touches a socket or a clock of its own."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from lectern_client.protocol.requests import Request

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Open:
    """Send this; answered by a Reply. What was open before is closed."""

    request: Request


@dataclass(frozen=True, slots=True)
class Read:
    """The next bytes of what is open; answered by b"" at its end."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Emit(Generic[T_co]):
    """Hand this to the caller."""

    item: T_co


class Broken(Exception):
    """Thrown into a plan where the network failed; `sent` says whether the request may have arrived."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


Plan: TypeAlias = Generator[Open | Read | Wait | Emit[T], Any, None]
Step: TypeAlias = Generator[Open | Read | Wait, Any, T]


def everything() -> Step[bytes]:
    """The rest of what is open."""
    parts = []
    while chunk := (yield Read()):
        parts.append(chunk)
    return b"".join(parts)


def advance(plan: Plan[T], result: Any) -> Open | Read | Wait | Emit[T] | None:
    """The plan's next step, given what came of the last one; None at its end."""
    try:
        return plan.throw(result) if isinstance(result, Broken) else plan.send(result)
    except StopIteration:
        return None
