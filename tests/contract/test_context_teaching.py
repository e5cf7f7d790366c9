"""What every store of quizzes and outlines promises."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from kit import mongo
from kit.settings import CommonSettings
from services.context.adapters.memory_teaching import MemoryOutlines, MemoryQuizzes
from services.context.adapters.mongo_teaching import MongoOutlines, MongoQuizzes
from services.context.model import (
    Chapter,
    CourseKey,
    Outline,
    Quiz,
    QuizChanges,
    QuizPosition,
    QuizQuestion,
    QuizState,
    Quote,
    Scope,
)
from services.context.ports import OutlineStore, QuizStore

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
QUOTE = Quote("waves carry energy", "Waves", document="d1", page=3)
QUESTION = QuizQuestion("What do waves carry?", ("Water", "Energy"), 1, "They leave matter where it is.", QUOTE)


@dataclass(frozen=True)
class Stores:
    quizzes: QuizStore
    outlines: OutlineStore
    key: CourseKey


@pytest.fixture(params=["memory", "mongodb"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    key = CourseKey(f"tenant/{uuid4().hex}", "waves")
    if request.param == "memory":
        yield Stores(MemoryQuizzes(), MemoryOutlines(), key)
        return
    async with mongo.connect(CommonSettings(mongodb_uri=request.getfixturevalue("mongodb_uri"))) as client:
        yield Stores(MongoQuizzes(client), MongoOutlines(client), key)


def a_quiz(name: str = "q1", created: datetime = NOW) -> Quiz:
    return Quiz(name, "Waves", Scope(document="d1", first_page=2, last_page=4), (QUESTION,), "tess", created, created)


async def test_a_quiz_is_kept_once(stores: Stores) -> None:
    quiz = a_quiz()
    assert await stores.quizzes.keep(stores.key, quiz) == quiz
    assert await stores.quizzes.keep(stores.key, replace(quiz, title="Other")) == quiz
    assert await stores.quizzes.find(stores.key, "q1") == quiz
    assert await stores.quizzes.find(replace(stores.key, tenant="other"), "q1") is None


async def test_what_is_changed_is_changed_and_nothing_else(stores: Stores) -> None:
    await stores.quizzes.keep(stores.key, a_quiz())
    other = replace(QUESTION, text="What stays?", answer=0)
    changed = await stores.quizzes.change(stores.key, "q1", QuizChanges(questions=(other,)), LATER)
    assert changed == replace(a_quiz(), questions=(other,), updated=LATER)
    published = await stores.quizzes.change(stores.key, "q1", QuizChanges("New", state=QuizState.PUBLISHED), LATER)
    assert published == replace(changed, title="New", state=QuizState.PUBLISHED)
    assert await stores.quizzes.change(stores.key, "none", QuizChanges("New"), LATER) is None


async def test_quizzes_are_listed_as_they_were_made_all_or_the_published(stores: Stores) -> None:
    for number in range(5):
        await stores.quizzes.keep(stores.key, a_quiz(f"q{number}", NOW + timedelta(seconds=number // 2)))
    for name in ("q1", "q4"):
        await stores.quizzes.change(stores.key, name, QuizChanges(state=QuizState.PUBLISHED), LATER)
    for published, names in ((False, [f"q{n}" for n in range(5)]), (True, ["q1", "q4"])):
        listed, after = list[str](), None
        while page := await stores.quizzes.page(stores.key, after, 2, published=published):
            listed += [quiz.id for quiz in page]
            after = QuizPosition(page[-1].created, page[-1].id)
        assert listed == names


async def test_a_deleted_quiz_is_gone(stores: Stores) -> None:
    await stores.quizzes.keep(stores.key, a_quiz())
    assert await stores.quizzes.delete(stores.key, "q1")
    assert not await stores.quizzes.delete(stores.key, "q1")
    assert await stores.quizzes.find(stores.key, "q1") is None


async def test_a_course_has_the_outline_that_was_made_last(stores: Stores) -> None:
    assert await stores.outlines.find(stores.key) is None
    chapter = Chapter("Waves", "d1", 1, 4, "They carry energy.", (QUOTE,), "q1")
    for name in ("o1", "o2"):
        await stores.outlines.keep(stores.key, Outline(name, (chapter, replace(chapter, first_page=5)), NOW))
    found = await stores.outlines.find(stores.key)
    assert found == Outline("o2", (chapter, replace(chapter, first_page=5)), NOW)
