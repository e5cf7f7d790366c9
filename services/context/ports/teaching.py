"""Where quizzes and outlines are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.context.model import CourseKey, Outline, Quiz, QuizChanges, QuizPosition


class QuizStore(Protocol):
    async def keep(self, key: CourseKey, quiz: Quiz) -> Quiz:
        """The quiz; or the one of this id that is there already."""
        ...

    async def find(self, key: CourseKey, quiz: str) -> Quiz | None: ...

    async def page(self, key: CourseKey, after: QuizPosition | None, limit: int, *, published: bool) -> Sequence[Quiz]:
        """In the order in which they were made; all, or those alone that are `published`."""
        ...

    async def change(self, key: CourseKey, quiz: str, changes: QuizChanges, now: datetime) -> Quiz | None: ...

    async def delete(self, key: CourseKey, quiz: str) -> bool:
        """Whether it was there."""
        ...


class OutlineStore(Protocol):
    async def keep(self, key: CourseKey, outline: Outline) -> None:
        """Replaces the outline that the course has."""
        ...

    async def find(self, key: CourseKey) -> Outline | None: ...
