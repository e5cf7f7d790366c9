"""What the older endpoints need of the other services."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kit.auth.caller import Caller


@dataclass(frozen=True, slots=True)
class Course:
    id: str
    title: str
    description: str
    videos: int


@dataclass(frozen=True, slots=True)
class Preloaded:
    """How many videos' contexts are cached now, and of which courses."""

    courses: tuple[str, ...]
    videos: int


class Library(Protocol):
    """Courses of the caller's tenant, by their ids."""

    async def courses(self, caller: Caller) -> Sequence[Course]: ...

    async def preload(self, caller: Caller, course: str) -> Preloaded:
        """The course, or the most popular ones where none is named; raises NotFound and PermissionDenied."""

    async def clear(self, caller: Caller, course: str) -> int:
        """Throws the cached contexts of a course away; says how many."""


class Reports(Protocol):
    async def ask(self, caller: Caller, thread: str) -> str:
        """The id of the job that writes a report on the thread; raises NotFound for no such thread."""
