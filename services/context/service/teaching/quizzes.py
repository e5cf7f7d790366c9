"""Quizzes as those see them who ask for them, edit them and take them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, InvalidArgument, NotFound
from kit.jobs.model import Job, Submission
from kit.jobs.submitting import Jobs
from services.context.model import CourseKey, Quiz, QuizChanges, QuizPosition, QuizQuestion, QuizState, Scope
from services.context.ports import QuizStore
from services.context.service.courses import Courses
from services.context.service.grounding import Grounding
from services.context.service.moments import moment_now
from services.context.service.teaching.material import material_of
from services.context.service.teaching.questions import LONGEST_TEXT, LONGEST_TITLE, fault_in

GENERATE = "generate_quiz"
DEFAULT_QUESTIONS, MOST_QUESTIONS = 5, 20
MOST_KEPT_QUESTIONS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A quiz to be made."""

    course: str
    scope: Scope
    questions: int = DEFAULT_QUESTIONS
    request_id: str = ""


class Quizzes:
    """Teachers see all quizzes of a course, students the published ones."""

    def __init__(
        self,
        courses: Courses,
        grounding: Grounding,
        store: QuizStore,
        jobs: Jobs,
        *,
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        self._courses = courses
        self._grounding = grounding
        self._store = store
        self._jobs = jobs
        self._now = now

    async def ask(self, caller: Caller, wanted: Wanted) -> Job:
        """The job that writes it; the same one for the same request. What cannot be asked about is refused now."""
        _check_wanted(wanted)
        material_of(await self._grounding.knowledge(caller, wanted.course), wanted.scope)
        payload = {"course": wanted.course, "questions": wanted.questions, **asdict(wanted.scope)}
        key = f"{caller.user}/{wanted.course}/{wanted.request_id}" if wanted.request_id else ""
        return await self._jobs.submit(caller, Submission(GENERATE, payload, key=key))

    async def get(self, caller: Caller, course: str, quiz: str) -> Quiz:
        key = (await self._courses.get(caller, course)).key
        found = await self._store.find(key, quiz)
        if found is None or not (caller.is_teacher or found.state is QuizState.PUBLISHED):
            raise _not_found(key, quiz)
        return found

    async def page(self, caller: Caller, course: str, after: QuizPosition | None, limit: int) -> Sequence[Quiz]:
        key = (await self._courses.get(caller, course)).key
        return await self._store.page(key, after, limit, published=not caller.is_teacher)

    async def change(self, caller: Caller, course: str, quiz: str, changes: QuizChanges) -> Quiz:
        _check_changes(changes)
        return await self._changed((await self._courses.get(caller, course)).key, quiz, changes)

    async def publish(self, caller: Caller, course: str, quiz: str) -> Quiz:
        """From now on students see it; raises FailedPrecondition for one without questions."""
        found = await self.get(caller, course, quiz)
        if not found.questions:
            raise FailedPrecondition("a quiz without questions cannot be published", field="name")
        key = (await self._courses.get(caller, course)).key
        return await self._changed(key, quiz, QuizChanges(state=QuizState.PUBLISHED))

    async def delete(self, caller: Caller, course: str, quiz: str) -> None:
        key = (await self._courses.get(caller, course)).key
        if not await self._store.delete(key, quiz):
            raise _not_found(key, quiz)

    async def _changed(self, key: CourseKey, quiz: str, changes: QuizChanges) -> Quiz:
        changed = await self._store.change(key, quiz, changes, self._now())
        if changed is None:
            raise _not_found(key, quiz)
        return changed


def _not_found(key: CourseKey, quiz: str) -> NotFound:
    return NotFound(f"there is no quiz {key.name}/quizzes/{quiz}")


def _check_wanted(wanted: Wanted) -> None:
    if not 1 <= wanted.questions <= MOST_QUESTIONS:
        raise InvalidArgument(f"question_count must be from 1 to {MOST_QUESTIONS}", field="question_count")
    if bool(wanted.scope.video_url) == bool(wanted.scope.document):
        raise InvalidArgument("either video_url or document must be given", field="video_url")
    if wanted.scope.first_page > wanted.scope.last_page:
        raise InvalidArgument("first_page must not be after last_page", field="first_page")


def _check_changes(changes: QuizChanges) -> None:
    if changes.title is not None and not 0 < len(changes.title.strip()) <= LONGEST_TITLE:
        raise InvalidArgument(f"title must have 1 to {LONGEST_TITLE} letters", field="quiz.title")
    questions = changes.questions or ()
    if len(questions) > MOST_KEPT_QUESTIONS:
        raise InvalidArgument(f"a quiz has at most {MOST_KEPT_QUESTIONS} questions", field="quiz.questions")
    for number, question in enumerate(questions):
        if fault := _fault(question):
            raise InvalidArgument(fault, field=f"quiz.questions[{number}]")


def _fault(question: QuizQuestion) -> str:
    if not question.text.strip():
        return "a question must have a text"
    if max(map(len, (question.text, question.explanation, *question.options))) > LONGEST_TEXT:
        return f"texts must have at most {LONGEST_TEXT:,} letters"
    return fault_in(question.options, question.answer)
