from datetime import UTC, datetime
from typing import Any

from google.protobuf import empty_pb2
from lectern.context.v1 import quizzes_pb2, quizzes_pb2_grpc
from lectern.jobs.v1 import jobs_pb2

from kit import names
from kit.call import current_caller
from kit.jobs.messages import job_message
from kit.pagination import PageTokens, page_size
from services.context import convert_teaching
from services.context.convert_teaching import QUIZ
from services.context.model import QuizPosition, Scope
from services.context.service.teaching.quizzes import DEFAULT_QUESTIONS, Quizzes, Wanted


class QuizServicer(quizzes_pb2_grpc.QuizServiceServicer):
    """`lectern.context.v1.QuizService`."""

    def __init__(self, quizzes: Quizzes, tokens: PageTokens) -> None:
        self._quizzes = quizzes
        self._tokens = tokens

    async def GenerateQuiz(self, request: quizzes_pb2.GenerateQuizRequest, _: Any) -> jobs_pb2.Job:
        course = names.course_id(request.parent, "parent")
        document = convert_teaching.document_id(course, request.document, "document")
        wanted = Wanted(
            course,
            Scope(request.video_url, document, request.first_page, request.last_page),
            request.question_count or DEFAULT_QUESTIONS,
            request.request_id,
        )
        return job_message(await self._quizzes.ask(current_caller(), wanted))

    async def ListQuizzes(self, request: quizzes_pb2.ListQuizzesRequest, _: Any) -> quizzes_pb2.ListQuizzesResponse:
        caller, size = current_caller(), page_size(request.page_size)
        course = names.course_id(request.parent, "parent")
        scope = f"quizzes/{caller.tenant}/{course}/{caller.is_teacher}"
        cursor = self._tokens.decode(request.page_token, scope)
        after = QuizPosition(datetime.fromtimestamp(cursor[0] / 1000, UTC), cursor[1]) if cursor else None
        found = await self._quizzes.page(caller, course, after, size + 1)
        page, token = found[:size], ""
        if len(found) > size:
            token = self._tokens.encode(scope, [round(page[-1].created.timestamp() * 1000), page[-1].id])
        quizzes = [convert_teaching.quiz(course, quiz) for quiz in page]
        return quizzes_pb2.ListQuizzesResponse(quizzes=quizzes, next_page_token=token)

    async def GetQuiz(self, request: quizzes_pb2.GetQuizRequest, _: Any) -> quizzes_pb2.Quiz:
        name = names.parse(QUIZ, request.name)
        found = await self._quizzes.get(current_caller(), name["course"], name["quiz"])
        return convert_teaching.quiz(name["course"], found)

    async def UpdateQuiz(self, request: quizzes_pb2.UpdateQuizRequest, _: Any) -> quizzes_pb2.Quiz:
        name = names.parse(QUIZ, request.quiz.name, "quiz.name")
        changes = convert_teaching.changes(name["course"], request.quiz, request.update_mask)
        changed = await self._quizzes.change(current_caller(), name["course"], name["quiz"], changes)
        return convert_teaching.quiz(name["course"], changed)

    async def PublishQuiz(self, request: quizzes_pb2.PublishQuizRequest, _: Any) -> quizzes_pb2.Quiz:
        name = names.parse(QUIZ, request.name)
        published = await self._quizzes.publish(current_caller(), name["course"], name["quiz"])
        return convert_teaching.quiz(name["course"], published)

    async def DeleteQuiz(self, request: quizzes_pb2.DeleteQuizRequest, _: Any) -> empty_pb2.Empty:
        name = names.parse(QUIZ, request.name)
        await self._quizzes.delete(current_caller(), name["course"], name["quiz"])
        return empty_pb2.Empty()
