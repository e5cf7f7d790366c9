"""A course out of documents: outlined, then chapters and quizzes side by side, each kept as soon as it is paid."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from kit.jobs.work import Work
from services.context.model import Chapter, CourseKey, Quote
from services.context.service.teaching.building import Building

AT_ONCE = 8

Steps = dict[str, Callable[[], Awaitable[Any]]]


class BuildingActor:
    def __init__(self, building: Building) -> None:
        self._building = building

    async def build_course(self, work: Work) -> Mapping[str, Any]:
        key = CourseKey(work.caller.tenant, work.payload["course"])
        await work.report(5, "waiting for the documents to be read")
        outlines = await work.fan_out(
            {f"outline {each}": self._outlining(work, key, each) for each in work.payload["documents"]}, AT_ONCE
        )
        chapters = [_chapter(row) for rows in outlines.values() for row in rows]
        await work.report(30, f"writing {len(chapters)} chapters and their quizzes")
        done = await work.fan_out(self._chapter_steps(work, key, chapters), AT_ONCE)
        numbers = range(len(chapters))
        whole = [replace(_chapter(done[f"chapter {n + 1}"]), quiz=done[f"quiz {n + 1}"]) for n in numbers]
        await self._building.keep(key, work.key, whole)
        return {"course": key.name, "chapters": len(whole), "quizzes": len(whole)}

    def _outlining(self, work: Work, key: CourseKey, document: str) -> Callable[[], Awaitable[Any]]:
        async def outline() -> list[dict[str, Any]]:
            read = await self._building.read(key, document)
            return [asdict(chapter) for chapter in await self._building.outline(work.caller, key, read)]

        return outline

    def _chapter_steps(self, work: Work, key: CourseKey, chapters: Sequence[Chapter]) -> Steps:
        steps: Steps = {}
        for number, chapter in enumerate(chapters, 1):
            steps[f"chapter {number}"] = self._summarising(work, key, chapter)
            steps[f"quiz {number}"] = self._quizzing(work, key, chapter, f"{work.key[:20]}-{number}")
        return steps

    def _summarising(self, work: Work, key: CourseKey, chapter: Chapter) -> Callable[[], Awaitable[Any]]:
        async def summarise() -> dict[str, Any]:
            return asdict(await self._building.summarise(work.caller, key, chapter))

        return summarise

    def _quizzing(self, work: Work, key: CourseKey, chapter: Chapter, quiz: str) -> Callable[[], Awaitable[Any]]:
        async def write() -> str:
            return await self._building.quiz(work.caller, key, chapter, quiz)

        return write


def _chapter(row: Mapping[str, Any]) -> Chapter:
    """As a checkpoint keeps it."""
    return Chapter(**{**row, "quotes": tuple(Quote(**quote) for quote in row["quotes"])})
