"""Quizzes and outlines in memory."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from services.context.model import CourseKey, Outline, Quiz, QuizChanges, QuizPosition, QuizState


class MemoryQuizzes:
    def __init__(self) -> None:
        self._quizzes: dict[tuple[CourseKey, str], Quiz] = {}

    async def keep(self, key: CourseKey, quiz: Quiz) -> Quiz:
        return self._quizzes.setdefault((key, quiz.id), quiz)

    async def find(self, key: CourseKey, quiz: str) -> Quiz | None:
        return self._quizzes.get((key, quiz))

    async def page(self, key: CourseKey, after: QuizPosition | None, limit: int, *, published: bool) -> Sequence[Quiz]:
        found = [quiz for (owner, _), quiz in self._quizzes.items() if owner == key]
        if published:
            found = [quiz for quiz in found if quiz.state is QuizState.PUBLISHED]
        place = (after.created, after.quiz) if after else None
        found.sort(key=lambda quiz: (quiz.created, quiz.id))
        return [quiz for quiz in found if place is None or (quiz.created, quiz.id) > place][:limit]

    async def change(self, key: CourseKey, quiz: str, changes: QuizChanges, now: datetime) -> Quiz | None:
        found = self._quizzes.get((key, quiz))
        if found is None:
            return None
        named = ((each.name, getattr(changes, each.name)) for each in fields(changes))
        values: dict[str, Any] = {name: value for name, value in named if value is not None}
        self._quizzes[key, quiz] = replace(found, **values, updated=now)
        return self._quizzes[key, quiz]

    async def delete(self, key: CourseKey, quiz: str) -> bool:
        return self._quizzes.pop((key, quiz), None) is not None


class MemoryOutlines:
    def __init__(self) -> None:
        self._outlines: dict[CourseKey, Outline] = {}

    async def keep(self, key: CourseKey, outline: Outline) -> None:
        self._outlines[key] = outline

    async def find(self, key: CourseKey) -> Outline | None:
        return self._outlines.get(key)
