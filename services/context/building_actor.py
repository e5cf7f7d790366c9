"""A course out of documents: outlined, then chapters and quizzes side by side, each kept as soon as it is paid."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from kit.errors import FailedPrecondition
from kit.jobs.work import Work
from services.context.model import Chapter, CourseKey, Quote
from services.context.service.teaching.building import Building

READ, OUTLINED, WRITTEN = 5, 15, 95  # percent

TEXTS = 2  # of each chapter: its summary and its quiz

Steps = dict[str, Callable[[], Awaitable[Any]]]
Told = Callable[[], Awaitable[None]]


class _Progress:
    """Tells after each text how many chapters are whole."""

    def __init__(self, work: Work, chapters: int) -> None:
        self._work, self._chapters = work, chapters
        self._written: Counter[int] = Counter()

    async def written(self, number: int, title: str) -> None:
        self._written[number] += 1
        share = self._written.total() / max(1, TEXTS * self._chapters)
        whole = sum(count == TEXTS for count in self._written.values())
        told = f"{whole} of {self._chapters} chapters written; the last text was for “{title}”"
        await self._work.report(OUTLINED + round(share * (WRITTEN - OUTLINED)), told)


class BuildingActor:
    def __init__(self, building: Building) -> None:
        self._building = building

    async def build_course(self, work: Work) -> Mapping[str, Any]:
        key, at_once = CourseKey(work.caller.tenant, work.payload["course"]), self._building.bounds.at_once
        await work.report(READ, "waiting for the documents to be read")
        outlines = await work.fan_out(
            {f"outline {each}": self._outlining(work, key, each) for each in work.payload["documents"]}, at_once
        )
        chapters = [_chapter(row) for rows in outlines.values() for row in rows]
        await work.report(OUTLINED, f"writing {_count(len(chapters), 'chapter')}, each with a quiz")
        done = await work.fan_out(self._chapter_steps(work, key, chapters), at_once)
        numbers = range(len(chapters))
        whole = [replace(_chapter(done[f"chapter {n + 1}"]), quiz=done[f"quiz {n + 1}"]) for n in numbers]
        return await self._kept(work, key, whole)

    async def _kept(self, work: Work, key: CourseKey, chapters: Sequence[Chapter]) -> Mapping[str, Any]:
        """What there is of it; raises FailedPrecondition where no text of any chapter could be used."""
        summaries, quizzes = sum(bool(each.summary) for each in chapters), sum(bool(each.quiz) for each in chapters)
        if not summaries + quizzes:
            raise FailedPrecondition(f"no model wrote a usable text for any of {_count(len(chapters), 'chapter')}")
        await self._building.keep(key, work.key, chapters)
        told = (_count(len(chapters), "chapter"), f"{summaries} with a summary", f"{quizzes} with a quiz")
        await work.report(99, ", ".join(told))
        return {"course": key.name, "chapters": len(chapters), "summaries": summaries, "quizzes": quizzes}

    def _outlining(self, work: Work, key: CourseKey, document: str) -> Callable[[], Awaitable[Any]]:
        async def outline() -> list[dict[str, Any]]:
            read = await self._building.read(key, document)
            return [asdict(chapter) for chapter in await self._building.outline(work.caller, key, read)]

        return outline

    def _chapter_steps(self, work: Work, key: CourseKey, chapters: Sequence[Chapter]) -> Steps:
        steps, progress = Steps(), _Progress(work, len(chapters))
        for number, chapter in enumerate(chapters, 1):
            told = partial(progress.written, number, chapter.title)
            steps[f"chapter {number}"] = self._summarising(work, key, chapter, told)
            steps[f"quiz {number}"] = self._quizzing(work, key, chapter, f"{work.key[:20]}-{number}", told)
        return steps

    def _summarising(self, work: Work, key: CourseKey, chapter: Chapter, told: Told) -> Callable[[], Awaitable[Any]]:
        async def summarise() -> dict[str, Any]:
            summarised = asdict(await self._building.summarise(work.caller, key, chapter))
            await told()
            return summarised

        return summarise

    def _quizzing(
        self, work: Work, key: CourseKey, chapter: Chapter, quiz: str, told: Told
    ) -> Callable[[], Awaitable[Any]]:
        async def write() -> str:
            made = await self._building.quiz(work.caller, key, chapter, quiz)
            await told()
            return made

        return write


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _chapter(row: Mapping[str, Any]) -> Chapter:
    """As a checkpoint keeps it."""
    return Chapter(**{**row, "quotes": tuple(Quote(**quote) for quote in row["quotes"])})
