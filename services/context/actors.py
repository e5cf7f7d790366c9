"""What the worker of context does, by kind of job."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from kit.errors import Reason, Unavailable
from kit.jobs.work import Actors, Work
from services.context.building_actor import BuildingActor
from services.context.model import CourseKey, Scope, ranges
from services.context.service.documents import INGEST
from services.context.service.ingesting import Ingesting
from services.context.service.preloading import Preloading
from services.context.service.teaching.building import Building
from services.context.service.teaching.outlines import BUILD
from services.context.service.teaching.quizzes import GENERATE
from services.context.service.teaching.quizzing import QuizOrder, Quizzing

# Pages that are drawn by one process, and looked at by one step; and how many such steps at once.
PICTURES_AT_ONCE = 4
BATCHES_AT_ONCE = 3


class ContextActors:
    """Hands jobs to the services that do them."""

    def __init__(self, ingesting: Ingesting, preloading: Preloading, quizzing: Quizzing, building: Building) -> None:
        self._ingesting = ingesting
        self._preloading = preloading
        self._quizzing = quizzing
        self._building = BuildingActor(building)

    def by_kind(self) -> Actors:
        actors = Actors()
        actors.add(INGEST, self.ingest_document)
        actors.add("preload_course", self.preload_course)
        actors.add(GENERATE, self.generate_quiz)
        actors.add(BUILD, self._building.build_course)
        return actors

    async def ingest_document(self, work: Work) -> Mapping[str, Any]:
        course, document = work.payload["course"], work.payload["document"]
        key = CourseKey(work.caller.tenant, course)

        async def read() -> Mapping[str, Any]:
            return await self._read(work, key, document)

        async def embed() -> bool:
            return await self._ingesting.embed(key)

        found = dict(await work.step("read", read, "reading the pages"))
        if unread := found.pop("unread", None):
            async with self._told(work, key, document):
                found = await self._recognised(work, key, document, unread)
        await work.report(60, "its passages can be found by their words")
        embedded = await work.step("embed", embed, "embedding the passages")
        await work.report(99, f"{found['pages']} pages read, {found['passages']} passages found in them")
        return {"document": f"{key.name}/documents/{document}", **found, "embedded": embedded}

    @asynccontextmanager
    async def _told(self, work: Work, key: CourseKey, document: str) -> AsyncIterator[None]:
        """A document whose last attempt is interrupted says so; without, it would seem to wait for ever."""
        try:
            yield
        except Unavailable as error:
            if work.last_attempt and error.reason is not Reason.PROVIDERS_UNAVAILABLE:
                await self._ingesting.give_up(key, document)
            raise

    async def _read(self, work: Work, key: CourseKey, document: str) -> dict[str, Any]:
        async with self._told(work, key, document):
            read = asdict(await self._ingesting.read(key, document))
        return {name: value for name, value in read.items() if value or name != "unread"}

    async def _recognised(self, work: Work, key: CourseKey, document: str, unread: Sequence[int]) -> dict[str, int]:
        """What is said once a model has looked at these pages: each few of them a step, which is paid for once."""
        await work.report(20, f"reading {len(unread)} pages off their pictures")
        batches = [unread[first : first + PICTURES_AT_ONCE] for first in range(0, len(unread), PICTURES_AT_ONCE)]
        texts = await work.fan_out(
            {f"recognise {ranges(batch)}": self._recognising(work, key, document, batch) for batch in batches},
            BATCHES_AT_ONCE,
        )

        async def complete() -> Mapping[str, int]:
            whole = {page: text for batch in texts.values() for page, text in batch.items()}
            read = await self._ingesting.complete(key, document, whole)
            return {"pages": read.pages, "passages": read.passages, "recognised": len(whole)}

        return dict(await work.step("complete", complete, "keeping what was recognised"))

    def _recognising(
        self, work: Work, key: CourseKey, document: str, batch: Sequence[int]
    ) -> Callable[[], Awaitable[Mapping[str, str]]]:
        async def recognise() -> Mapping[str, str]:
            return await self._ingesting.recognise(work.caller, key, document, batch)

        return recognise

    async def preload_course(self, work: Work) -> Mapping[str, Any]:
        """The course that is named, or those of all tenants that are asked about most."""
        if course := work.payload.get("course", ""):
            return {"videos": (await self._preloading.course(work.caller, course)).videos}
        return {"courses": len((await self._preloading.everywhere()).courses)}

    async def generate_quiz(self, work: Work) -> Mapping[str, Any]:
        asked = work.payload
        scope = Scope(asked["video_url"], asked["document"], asked["first_page"], asked["last_page"])
        await work.report(10, "a model is writing")
        quiz = await self._quizzing.write(QuizOrder(work.key, work.caller, asked["course"], scope, asked["questions"]))
        await work.report(99, f"a quiz of {len(quiz.questions)} questions is written")
        return {"quiz": f"courses/{asked['course']}/quizzes/{quiz.id}", "questions": len(quiz.questions)}
