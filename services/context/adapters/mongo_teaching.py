"""Quizzes and outlines in MongoDB, as rows of their dataclasses."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, ReturnDocument

from kit.mongo import Client, translated
from services.context.adapters.mongo_mapping import DATABASE, OUTLINES, QUIZZES, Row, course_ref, owned
from services.context.model import (
    Chapter,
    CourseKey,
    Outline,
    Quiz,
    QuizChanges,
    QuizPosition,
    QuizQuestion,
    QuizState,
    Quote,
    Scope,
)

IN_ORDER = [("created", ASCENDING), ("id", ASCENDING)]


class MongoQuizzes:
    def __init__(self, client: Client) -> None:
        self._quizzes = client[DATABASE][QUIZZES]

    async def keep(self, key: CourseKey, quiz: Quiz) -> Quiz:
        row = {**owned(key), **asdict(quiz), "state": quiz.state.value}
        with translated():
            kept = await self._quizzes.find_one_and_update(
                {"_id": _ref(key, quiz.id)},
                {"$setOnInsert": row},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return _quiz(kept or row)

    async def find(self, key: CourseKey, quiz: str) -> Quiz | None:
        with translated():
            row = await self._quizzes.find_one({"_id": _ref(key, quiz)})
        return _quiz(row) if row else None

    async def page(self, key: CourseKey, after: QuizPosition | None, limit: int, *, published: bool) -> Sequence[Quiz]:
        query: Row = owned(key) | ({"state": QuizState.PUBLISHED.value} if published else {})
        if after is not None:
            later = {"created": after.created, "id": {"$gt": after.quiz}}
            query["$or"] = [{"created": {"$gt": after.created}}, later]
        with translated():
            return [_quiz(row) async for row in self._quizzes.find(query).sort(IN_ORDER).limit(limit)]

    async def change(self, key: CourseKey, quiz: str, changes: QuizChanges, now: datetime) -> Quiz | None:
        values = {name: value for name, value in asdict(changes).items() if value is not None}
        with translated():
            row = await self._quizzes.find_one_and_update(
                {"_id": _ref(key, quiz)},
                {"$set": {**values, "updated": now}},
                return_document=ReturnDocument.AFTER,
            )
        return _quiz(row) if row else None

    async def delete(self, key: CourseKey, quiz: str) -> bool:
        with translated():
            return bool((await self._quizzes.delete_one({"_id": _ref(key, quiz)})).deleted_count)


class MongoOutlines:
    def __init__(self, client: Client) -> None:
        self._outlines = client[DATABASE][OUTLINES]

    async def keep(self, key: CourseKey, outline: Outline) -> None:
        row = {"_id": course_ref(key), **owned(key), **asdict(outline)}
        with translated():
            await self._outlines.replace_one({"_id": row["_id"]}, row, upsert=True)

    async def find(self, key: CourseKey) -> Outline | None:
        with translated():
            row = await self._outlines.find_one({"_id": course_ref(key)})
        return Outline(row["id"], tuple(map(_chapter, row["chapters"])), row["created"]) if row else None


def _ref(key: CourseKey, quiz: str) -> str:
    return f"{course_ref(key)}/{quiz}"


def _quiz(row: Mapping[str, Any]) -> Quiz:
    return Quiz(
        id=row["id"],
        title=row["title"],
        scope=Scope(**row["scope"]),
        questions=tuple(map(_question, row["questions"])),
        made_by=row["made_by"],
        created=row["created"],
        updated=row["updated"],
        state=QuizState(row["state"]),
        provider=row["provider"],
        model=row["model"],
    )


def _question(row: Mapping[str, Any]) -> QuizQuestion:
    return QuizQuestion(**{**row, "options": tuple(row["options"]), "quote": Quote(**row["quote"])})


def _chapter(row: Mapping[str, Any]) -> Chapter:
    return Chapter(**{**row, "quotes": tuple(Quote(**quote) for quote in row["quotes"])})
