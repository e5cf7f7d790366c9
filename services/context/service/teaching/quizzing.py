"""The work of the job `generate_quiz`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kit.auth.caller import Caller
from kit.writing.ports import Writer
from services.context.model import Quiz, Scope
from services.context.ports import QuizStore
from services.context.service.grounding import Grounding
from services.context.service.moments import moment_now
from services.context.service.teaching.bounds import Bounds
from services.context.service.teaching.material import material_of
from services.context.service.teaching.questions import quiz_task
from services.context.service.teaching.writing import written


@dataclass(frozen=True, slots=True)
class QuizOrder:
    """A quiz that somebody asked for; whatever runs twice under the same id is kept once."""

    id: str
    requester: Caller
    course: str
    scope: Scope
    questions: int


class Quizzing:
    def __init__(
        self,
        grounding: Grounding,
        quizzes: QuizStore,
        writer: Writer,
        bounds: Bounds,
        *,
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        self._grounding = grounding
        self._quizzes = quizzes
        self._writer = writer
        self._bounds = bounds
        self._now = now

    async def write(self, order: QuizOrder) -> Quiz:
        """The draft as it is kept; raises NotFound for no such source, FailedPrecondition where no model wrote one."""
        knowledge = await self._grounding.knowledge(order.requester, order.course)
        key = knowledge.course.key
        if kept := await self._quizzes.find(key, order.id):
            return kept
        material = material_of(knowledge, order.scope)
        task = quiz_task(order.course, order.questions, self._bounds)
        (title, questions), by = await written(self._writer, order.requester, task, material)
        moment = self._now()
        quiz = Quiz(
            id=order.id,
            title=title,
            scope=order.scope,
            questions=questions,
            made_by=order.requester.user,
            created=moment,
            updated=moment,
            provider=by.provider,
            model=by.model,
        )
        return await self._quizzes.keep(key, quiz)
