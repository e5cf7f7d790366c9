"""Quizzes and whole courses, written by a real worker with a provider that says what it is told to."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
from lectern.context.v1 import documents_pb2_grpc, outlines_pb2, outlines_pb2_grpc, quizzes_pb2, quizzes_pb2_grpc

from kit.jobs.model import State
from tests.grpc.test_context_documents import pieces
from tests.pdfs import a_pdf
from tests.system import STUDENT, TEACHER, VIDEO, make_course, whole_system
from tests.working import Works, until, works

PAGES = [f"Chapter {n}. In case {n} every wave carries energy from one place to another." for n in range(1, 7)]
QUESTION = {
    "text": "What does a wave carry?",
    "options": ["Matter", "Energy"],
    "answer": 1,
    "explanation": "It leaves matter behind.",
    "passage": 1,
    "quote": "carries energy from",
}
QUIZ = {"title": "Waves", "questions": [QUESTION, {**QUESTION, "text": "Made up?", "quote": "that nobody said"}]}
OUTLINE = {"chapters": [{"title": "Springs", "firstPage": 1}, {"title": "Strings", "firstPage": 4}]}
CHAPTER = {"summary": "Waves carry energy.", "points": [{"passage": 1, "quote": "every wave carries energy"}]}

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


def answers(**more: Any) -> list[dict[str, Any]]:
    """Rules by the words of the instructions."""
    told = {"You write a quiz": QUIZ, "You divide a document": OUTLINE, "You summarise the chapter": CHAPTER}
    return [{"holds": said, "script": {"text": orjson.dumps(text).decode(), **more}} for said, text in told.items()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(redis_url: str, mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Works]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with (
        whole_system(redis_url, mongodb_uri, jobs_database=jobs) as system,
        works(system, tmp_path_factory.mktemp("worker") / "log") as made,
    ):
        yield made


async def test_a_quiz_is_written_edited_and_published(desk: Works) -> None:
    system, teacher, student = desk.system, desk.system.metadata(TEACHER), desk.system.metadata(STUDENT)
    course = await make_course(system)
    await system.provider.script(answers())
    async with system.channel("context") as channel:
        quizzes = quizzes_pb2_grpc.QuizServiceStub(channel)
        request = quizzes_pb2.GenerateQuizRequest(parent=course, video_url=VIDEO, question_count=2, request_id="r1")
        job = await quizzes.GenerateQuiz(request, metadata=teacher)
        assert (await quizzes.GenerateQuiz(request, metadata=teacher)).name == job.name
        with desk.worker("services.context.worker"):
            done = await desk.ended(job.name)
            await system.provider.script(text="I could not say.")
            request.request_id = "r2"
            failed = await desk.ended((await quizzes.GenerateQuiz(request, metadata=teacher)).name)
        assert failed.failure is not None
        assert failed.failure.message == "no model wrote what can be used: it was not JSON"
        assert done.state is State.SUCCEEDED, done.failure
        assert done.result is not None
        name = done.result["quiz"]
        quiz = await quizzes.GetQuiz(quizzes_pb2.GetQuizRequest(name=name), metadata=teacher)
        (question,) = quiz.questions  # the made up one is left out
        assert (quiz.state, quiz.model, quiz.video_url) == (quizzes_pb2.Quiz.DRAFT, "fake-bulk", VIDEO)
        assert question.citation.verified
        assert question.citation.HasField("start_offset")

        listing = quizzes_pb2.ListQuizzesRequest(parent=course)
        assert not (await quizzes.ListQuizzes(listing, metadata=student)).quizzes
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await quizzes.GetQuiz(quizzes_pb2.GetQuizRequest(name=name), metadata=student)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        question.options.append("Heat")
        quiz.title = "About waves"
        changed = await quizzes.UpdateQuiz(quizzes_pb2.UpdateQuizRequest(quiz=quiz), metadata=teacher)
        assert (changed.title, list(changed.questions[0].options)) == ("About waves", ["Matter", "Energy", "Heat"])
        assert changed.questions[0].citation == question.citation
        question.answer = 7
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await quizzes.UpdateQuiz(quizzes_pb2.UpdateQuizRequest(quiz=quiz), metadata=teacher)
        assert refused.value.details() == "answer must be the number of an option, from 0"
        await quizzes.PublishQuiz(quizzes_pb2.PublishQuizRequest(name=name), metadata=teacher)
        (seen,) = (await quizzes.ListQuizzes(listing, metadata=student)).quizzes
        assert (seen.title, seen.state) == ("About waves", quizzes_pb2.Quiz.PUBLISHED)


async def test_what_cannot_be_asked_about_is_refused(desk: Works) -> None:
    teacher, course = desk.system.metadata(TEACHER), await make_course(desk.system)
    async with desk.system.channel("context") as channel:
        quizzes = quizzes_pb2_grpc.QuizServiceStub(channel)
        for bad, told in (
            ({}, "either video_url or document must be given"),
            ({"video_url": VIDEO, "question_count": 21}, "question_count must be from 1 to 20"),
            ({"video_url": "https://v.example/none.mp4"}, "the course has no video at this address"),
        ):
            request = quizzes_pb2.GenerateQuizRequest(parent=course, **bad)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await quizzes.GenerateQuiz(request, metadata=teacher)
            assert refused.value.details() == told


async def test_a_course_is_built_and_no_step_is_paid_twice_though_the_worker_is_killed(desk: Works) -> None:
    system, teacher = desk.system, desk.system.metadata(TEACHER)
    course = await make_course(system, [])
    await system.provider.reset()
    await system.provider.script([{**answers()[1], "times": 1}, *answers(first_token_ms=1500)])
    async with system.channel("context") as channel:
        documents = documents_pb2_grpc.DocumentServiceStub(channel)
        outlines = outlines_pb2_grpc.OutlineServiceStub(channel)
        build = outlines_pb2.BuildCourseRequest(name=course)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await outlines.BuildCourse(build, metadata=teacher)
        assert refused.value.details() == "the course has no document to be made of"
        await documents.UploadDocument(pieces(course, a_pdf(PAGES)), metadata=teacher)
        job = await outlines.BuildCourse(build, metadata=teacher)
        assert (await outlines.BuildCourse(build, metadata=teacher)).name == job.name

        async def outlined() -> bool:
            found = await desk.store.get(job.name.removeprefix("jobs/"))
            return found is not None and any(step.state is State.SUCCEEDED for step in found.steps)

        with desk.worker("services.context.worker", job_lease_seconds=2) as worker:
            await until(outlined)
            worker.kill()
        with desk.worker("services.context.worker"):
            done = await desk.ended(job.name)
        assert done.state is State.SUCCEEDED, done.failure
        assert done.result == {"course": course, "chapters": 2, "summaries": 2, "quizzes": 2}
        outline = await outlines.GetOutline(outlines_pb2.GetOutlineRequest(name=course), metadata=teacher)
        assert [(each.title, each.first_page, each.last_page) for each in outline.chapters] == [
            ("Springs", 1, 3),
            ("Strings", 4, 6),
        ]
        assert all(each.summary and each.citations[0].verified and each.citations[0].page for each in outline.chapters)
        quizzes = quizzes_pb2_grpc.QuizServiceStub(channel)
        listed = await quizzes.ListQuizzes(quizzes_pb2.ListQuizzesRequest(parent=course), metadata=teacher)
        assert {quiz.name for quiz in listed.quizzes} == {each.quiz for each in outline.chapters}
    requests = await system.provider.requests()
    assert sum(request["path"].endswith("/chat/completions") for request in requests if request["complete"]) == 5
