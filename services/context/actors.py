"""What the worker of context does, by kind of job."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kit.jobs.work import Actors, Work
from services.context.building_actor import BuildingActor
from services.context.model import CourseKey, Scope
from services.context.service.documents import INGEST
from services.context.service.ingesting import Ingesting
from services.context.service.preloading import Preloading
from services.context.service.teaching.building import Building
from services.context.service.teaching.outlines import BUILD
from services.context.service.teaching.quizzes import GENERATE
from services.context.service.teaching.quizzing import QuizOrder, Quizzing


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

        async def read() -> Mapping[str, int]:
            return asdict(await self._ingesting.read(key, document))

        async def embed() -> bool:
            return await self._ingesting.embed(key)

        found = await work.step("read", read, "reading the pages")
        await work.report(60, "its passages can be found by their words")
        embedded = await work.step("embed", embed, "embedding the passages")
        await work.report(99, f"{found['pages']} pages read, {found['passages']} passages found in them")
        return {"document": f"{key.name}/documents/{document}", **found, "embedded": embedded}

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
