"""Quizzes and outlines between the domain and the wire."""

from google.protobuf import field_mask_pb2
from lectern.chat.v1 import chat_pb2
from lectern.context.v1 import outlines_pb2, quizzes_pb2

from kit import names
from kit.errors import InvalidArgument
from services.context import convert
from services.context.model import Chapter, Outline, Quiz, QuizChanges, QuizQuestion, Quote, Scope

QUIZ = "courses/{course}/quizzes/{quiz}"
CHANGEABLE = ("title", "questions")


def quiz_name(course: str, quiz: str) -> str:
    return f"courses/{course}/quizzes/{quiz}"


def document_id(course: str, name: str, field: str) -> str:
    """The id of a document of this course; empty for an empty name."""
    if not name:
        return ""
    named = names.parse("courses/{course}/documents/{document}", name, field)
    if named["course"] != course:
        raise InvalidArgument("the document is of another course", field=field)
    return named["document"]


def quiz(course: str, found: Quiz) -> quizzes_pb2.Quiz:
    return quizzes_pb2.Quiz(
        name=quiz_name(course, found.id),
        title=found.title,
        video_url=found.scope.video_url,
        document=_document(course, found.scope),
        first_page=found.scope.first_page,
        last_page=found.scope.last_page,
        state=quizzes_pb2.Quiz.State.Value(found.state.name),
        questions=[_question(course, each) for each in found.questions],
        provider=found.provider,
        model=found.model,
        create_time=convert.timestamp(found.created),
        update_time=convert.timestamp(found.updated),
    )


def changes(course: str, wanted: quizzes_pb2.Quiz, mask: field_mask_pb2.FieldMask) -> QuizChanges:
    """What the mask names; without a mask, what is set."""
    paths = list(CHANGEABLE) if list(mask.paths) == ["*"] else list(mask.paths)
    if unknown := [path for path in paths if path not in CHANGEABLE]:
        raise InvalidArgument(f"update_mask may name {', '.join(CHANGEABLE)}, not {unknown[0]}", field="update_mask")
    named = frozenset(paths or (path for path in CHANGEABLE if getattr(wanted, path)))
    return QuizChanges(
        title=wanted.title if "title" in named else None,
        questions=tuple(_asked(course, each) for each in wanted.questions) if "questions" in named else None,
    )


def outline(course: str, found: Outline) -> outlines_pb2.Outline:
    return outlines_pb2.Outline(
        course=f"courses/{course}",
        chapters=[_chapter(course, chapter) for chapter in found.chapters],
        create_time=convert.timestamp(found.created),
    )


def _chapter(course: str, chapter: Chapter) -> outlines_pb2.Outline.Chapter:
    return outlines_pb2.Outline.Chapter(
        title=chapter.title,
        document=convert.document_name(course, chapter.document),
        first_page=chapter.first_page,
        last_page=chapter.last_page,
        summary=chapter.summary,
        citations=[_citation(course, quote) for quote in chapter.quotes],
        quiz=quiz_name(course, chapter.quiz) if chapter.quiz else "",
    )


def _question(course: str, question: QuizQuestion) -> quizzes_pb2.Quiz.Question:
    return quizzes_pb2.Quiz.Question(
        text=question.text,
        options=question.options,
        answer=question.answer,
        explanation=question.explanation,
        citation=_citation(course, question.quote) if question.quote.text else None,
    )


def _asked(course: str, question: quizzes_pb2.Quiz.Question) -> QuizQuestion:
    """As a teacher wrote it; what it cites is taken at the teacher's word."""
    cited = question.citation
    quote = Quote(
        text=cited.quote,
        title=cited.title,
        video_url=cited.video_url,
        start=convert.milliseconds(cited.start_offset) if cited.HasField("start_offset") else None,
        end=convert.milliseconds(cited.end_offset) if cited.HasField("end_offset") else None,
        document=document_id(course, cited.document, "quiz.questions.citation.document"),
        page=cited.page,
    )
    return QuizQuestion(question.text, tuple(question.options), question.answer, question.explanation, quote)


def _citation(course: str, quote: Quote) -> chat_pb2.Citation:
    return chat_pb2.Citation(
        quote=quote.text,
        video_url=quote.video_url,
        start_offset=convert.duration(quote.start),
        end_offset=convert.duration(quote.end),
        document=convert.document_name(course, quote.document) if quote.document else "",
        page=quote.page,
        verified=True,
        title=quote.title,
    )


def _document(course: str, scope: Scope) -> str:
    return convert.document_name(course, scope.document) if scope.document else ""
