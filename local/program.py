"""A program that the stack keeps running, and what can be said about it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

Probe = Callable[[], Awaitable[None]]
"""Returns once the program is ready for work; raises while it is not."""


class Tier(IntEnum):
    """Where a program stands in the system; a stop goes from the workers and the edge down to the data."""

    DATA = 0
    MODELS = 1
    SERVICES = 2
    GATEWAY = 3
    EDGE = 4
    WORKERS = 5


@dataclass(frozen=True)
class Program:
    """One process to run: `needs` are the programs that must be ready before it starts.

    `address` is where it listens and `metrics` where it serves them, or empty. The stack counts as started without
    those that are not `awaited`.
    """

    name: str
    tier: Tier
    command: tuple[str, ...]
    address: str
    ready: Probe
    needs: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 60
    stop_seconds: float = 15
    awaited: bool = True
    metrics: str = ""


@dataclass(frozen=True)
class Ready:
    name: str
    address: str
    seconds: float
    restarted: bool = False


@dataclass(frozen=True)
class Died:
    name: str
    exit_code: int
    restart_in_seconds: float


@dataclass(frozen=True)
class StartFailed:
    """A start that is tried again."""

    name: str
    reason: str
    last_lines: tuple[str, ...]
    restarted: bool = False


@dataclass(frozen=True)
class Stopped:
    name: str
    killed: bool


Event = Ready | Died | StartFailed | Stopped
Observer = Callable[[Event], None]


class StartError(Exception):
    """A program that did not become ready, with the end of its log."""

    def __init__(self, name: str, reason: str, last_lines: tuple[str, ...]) -> None:
        super().__init__(f"{name} did not start: {reason}")
        self.name = name
        self.reason = reason
        self.last_lines = last_lines
