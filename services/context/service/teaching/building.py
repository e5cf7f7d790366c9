"""The work of the job `build_course`: each paid step by itself, so that none is paid for twice."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition
from kit.writing.ports import Writer
from services.context.model import Chapter, CourseKey, Document, DocumentState, Outline, Scope
from services.context.model.missing import document_not_found
from services.context.ports import DocumentStore, OutlineStore
from services.context.service.grounding import Grounding
from services.context.service.moments import moment_now
from services.context.service.teaching.bounds import Bounds
from services.context.service.teaching.chapters import chapter_task, even_chapters, outline_task
from services.context.service.teaching.material import material_of
from services.context.service.teaching.quizzing import QuizOrder, Quizzing
from services.context.service.teaching.writing import written

LOOK_AGAIN_SECONDS = 0.5

log = structlog.get_logger()


class Building:
    """What each step does; who calls keeps the results."""

    def __init__(
        self,
        grounding: Grounding,
        documents: DocumentStore,
        outlines: OutlineStore,
        quizzing: Quizzing,
        writer: Writer,
        bounds: Bounds,
        *,
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        self._grounding = grounding
        self._documents = documents
        self._outlines = outlines
        self._quizzing = quizzing
        self._writer = writer
        self.bounds = bounds
        self._now = now

    async def read(self, key: CourseKey, document: str) -> Document:
        """The document once its own job has read it; raises FailedPrecondition where that failed."""
        while True:
            found = await self._documents.find(key, document)
            if found is None:
                raise document_not_found(key, document)
            if found.state is DocumentState.FAILED:
                raise FailedPrecondition(f"{found.file_name}: {found.failure}", field="documents")
            if found.state is DocumentState.READY:
                return found
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def outline(self, caller: Caller, key: CourseKey, document: Document) -> Sequence[Chapter]:
        """The chapters by a model; by pages where none can tell them."""
        knowledge = await self._grounding.knowledge(caller, key.course)
        material = material_of(knowledge, Scope(document=document.id))
        try:
            chapters, _ = await written(self._writer, caller, outline_task(key.course, document, self.bounds), material)
        except FailedPrecondition as error:
            log.info("outlined_by_pages", document=document.id, why=error.message)
            return even_chapters(document, self.bounds)
        return chapters

    async def summarise(self, caller: Caller, key: CourseKey, chapter: Chapter) -> Chapter:
        """The chapter with its summary and the quotes that it rests on; as it was where no model wrote a usable one."""
        knowledge = await self._grounding.knowledge(caller, key.course)
        material = material_of(knowledge, _scope(chapter))
        try:
            task = chapter_task(key.course, chapter, self.bounds)
            (summary, quotes), _ = await written(self._writer, caller, task, material)
        except FailedPrecondition as error:
            log.info("chapter_without_summary", chapter=chapter.title, why=error.message)
            return chapter
        return replace(chapter, summary=summary, quotes=quotes)

    async def quiz(self, caller: Caller, key: CourseKey, chapter: Chapter, quiz: str) -> str:
        """The id of the draft about the chapter; empty where no model wrote a usable one."""
        order = QuizOrder(quiz, caller, key.course, _scope(chapter), self.bounds.questions)
        try:
            return (await self._quizzing.write(order)).id
        except FailedPrecondition as error:
            log.info("chapter_without_quiz", chapter=chapter.title, why=error.message)
            return ""

    async def keep(self, key: CourseKey, outline: str, chapters: Sequence[Chapter]) -> None:
        await self._outlines.keep(key, Outline(outline, tuple(chapters), self._now()))


def _scope(chapter: Chapter) -> Scope:
    return Scope(document=chapter.document, first_page=chapter.first_page, last_page=chapter.last_page)
