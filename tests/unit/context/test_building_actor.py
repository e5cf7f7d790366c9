"""The job that makes a course: how far it tells that it is, and what it keeps where models write nothing usable."""

from collections.abc import Sequence
from typing import Any

import pytest

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition
from services.context.building_actor import BuildingActor
from services.context.model import Chapter, CourseKey, Document, DocumentState
from services.context.service.teaching.bounds import Bounds
from tests.unit.context.grounding.conftest import STUDENT

NOW: Any = None
DOCUMENT = Document("d1", "Waves", "w.pdf", "b", 1, "tess", NOW, NOW, DocumentState.READY, page_count=30)
CHAPTERS = tuple(Chapter(f"Part {n}", "d1", 10 * n - 9, 10 * n) for n in (1, 2, 3))


class Work:
    """A job whose steps run one after another."""

    caller, key, payload = STUDENT, "j" * 24, {"course": "waves", "documents": ["d1"]}

    def __init__(self) -> None:
        self.reports: list[tuple[int, str]] = []

    async def report(self, progress: int, message: str) -> None:
        self.reports.append((progress, message))

    async def fan_out(self, steps: dict[str, Any], at_once: int) -> dict[str, Any]:
        return {name: await run() for name, run in steps.items()}


class Building:
    """Writes summaries and quizzes for some of the chapters alone."""

    bounds = Bounds()

    def __init__(self, usable: Sequence[str]) -> None:
        self._usable = usable
        self.kept: list[Chapter] = []

    async def read(self, key: CourseKey, document: str) -> Document:
        return DOCUMENT

    async def outline(self, caller: Caller, key: CourseKey, document: Document) -> Sequence[Chapter]:
        return CHAPTERS

    async def summarise(self, caller: Caller, key: CourseKey, chapter: Chapter) -> Chapter:
        if chapter.title not in self._usable:
            return chapter
        return Chapter(chapter.title, "d1", chapter.first_page, chapter.last_page, summary="All about it.")

    async def quiz(self, caller: Caller, key: CourseKey, chapter: Chapter, quiz: str) -> str:
        return quiz if chapter.title in self._usable else ""

    async def keep(self, key: CourseKey, outline: str, chapters: Sequence[Chapter]) -> None:
        self.kept = list(chapters)


async def build(usable: Sequence[str]) -> tuple[Work, Building, Any]:
    work, building = Work(), Building(usable)
    result = await BuildingActor(building).build_course(work)  # type: ignore[arg-type] # what it uses of them
    return work, building, result


async def test_progress_is_told_by_chapter_and_ends_with_what_there_is() -> None:
    work, building, result = await build([chapter.title for chapter in CHAPTERS])
    progress = [percent for percent, _ in work.reports]
    assert progress == sorted(set(progress))
    assert work.reports[1] == (15, "writing 3 chapters, each with a quiz")
    assert [told.partition(";")[0] for _, told in work.reports[2:-1]] == [
        f"{whole} of 3 chapters written" for whole in (0, 1, 1, 2, 2, 3)
    ]
    assert work.reports[-1] == (99, "3 chapters, 3 with a summary, 3 with a quiz")
    assert result == {"course": "courses/waves", "chapters": 3, "summaries": 3, "quizzes": 3}
    assert all(chapter.quiz for chapter in building.kept)


async def test_chapters_without_a_usable_text_are_kept_and_counted() -> None:
    work, building, result = await build(["Part 2"])
    assert [(bool(each.summary), bool(each.quiz)) for each in building.kept] == [
        (False, False),
        (True, True),
        (False, False),
    ]
    assert (result["chapters"], result["summaries"], result["quizzes"]) == (3, 1, 1)
    assert work.reports[-1][1] == "3 chapters, 1 with a summary, 1 with a quiz"


async def test_a_course_without_any_text_is_none() -> None:
    with pytest.raises(FailedPrecondition, match="no model wrote a usable text for any of 3 chapters"):
        await build([])
