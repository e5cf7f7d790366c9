"""What threads asks about courses, which belong to another service."""

from typing import Protocol

from kit.auth.caller import Caller


class Courses(Protocol):
    """The courses of a caller."""

    async def check(self, caller: Caller, course: str) -> None:
        """Raises NotFound with COURSE_NOT_FOUND for a course that the caller can't see."""
