"""Topics, sums over days, and what is kept for how long."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, NotFound
from kit.pagination import PageTokens
from services.threads.adapters.announcing import Announcements
from services.threads.adapters.courses import MemoryCourses
from services.threads.adapters.memory.hot import MemoryHotThreads
from services.threads.adapters.memory.insights import MemoryInsights
from services.threads.model import Answer, CourseKey, DayTally, Mark, Question, Tally
from services.threads.service.conversations import Conversations
from services.threads.service.insights.reading import InsightReading
from services.threads.service.insights.recording import Recording
from services.threads.service.insights.topics import topics_of
from services.threads.service.retention import Retention
from tests.talk import Talk

TESS = Caller("default", "tess")
DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("question", "topics"),
    [
        ("What is the frequency of a wave?", ["frequency", "wave"]),
        ("Waves and a wave", ["waves"]),
        ("Was bedeutet Frequenz bei Wellen?", ["bedeutet", "frequenz", "wellen"]),
        ("Why?", []),
    ],
)
def test_a_question_is_about_its_own_words(question: str, topics: list[str]) -> None:
    assert list(topics_of(question).values()) == topics


def tally(day: date, video: str, questions: int, *students: str) -> DayTally:
    topics = {"wave": ("waves", questions)}
    return DayTally(day, video, Tally(questions, 1, frozenset(students), {2: questions}, topics))


async def test_insights_add_the_days_up() -> None:
    database = Talk().database
    store = MemoryInsights(database)
    tallies = [
        tally(DAY, "v1", 2, "ann"),
        tally(DAY + timedelta(days=1), "v1", 1, "ann", "bob"),
        tally(DAY, "v2", 5, "bob"),
        tally(DAY - timedelta(days=1), "v1", 9, "cat"),
    ]
    days = {one.day for one in tallies}
    now = datetime(2026, 3, 2, tzinfo=UTC)
    await store.replace(CourseKey("default", "waves"), days, tallies, Mark(), Mark(now, "t", 1))
    reading = InsightReading(store, MemoryCourses([("default", "waves")]))
    seen = await reading.of(TESS, "waves", DAY, DAY + timedelta(days=1))
    assert (seen.total.questions, seen.total.students) == (8, frozenset({"ann", "bob"}))
    assert seen.topics == [("waves", 8)]
    assert [(video, one.questions, dict(one.bins)) for video, one in seen.videos] == [
        ("v2", 5, {2: 5}),
        ("v1", 3, {2: 3}),
    ]
    assert seen.updated == now
    with pytest.raises(NotFound):
        await reading.of(TESS, "sound", None, None)
    with pytest.raises(InvalidArgument):
        await reading.of(TESS, "waves", DAY, DAY - timedelta(days=1))


async def test_turns_that_end_in_one_instant_are_counted_once_each() -> None:
    talk, course = Talk(), CourseKey("default", "waves")
    store = MemoryInsights(talk.database)
    turns = [await talk.turn(Question(str(n), f"Frequency {n}?"), Answer("So.")) for n in range(2)]
    ended = turns[0].ended
    assert ended is not None
    rows = talk.database.rows
    for turn in turns:
        rows[turn.id] = replace(rows[turn.id], turn=replace(turn, ended=ended))
    recording = Recording(store, now=lambda: ended + timedelta(minutes=1))
    first = min(turn.id for turn in turns)
    await store.replace(course, [], [], Mark(), Mark(ended, first, 1))
    await recording.rebuild(course, ended.date())
    assert await recording.record(course) == 1
    [one] = await store.tallies(course, ended.date(), ended.date())
    assert one.tally.questions == 2


async def test_threads_are_deleted_once_they_are_idle_for_too_long() -> None:
    talk = Talk()
    await talk.turn(Question("1", "What is a wave?"), Answer("It carries energy."))
    conversations = Conversations(
        threads=talk.threads,
        turns=talk.turns,
        hot=MemoryHotThreads(life=60),
        observer=Announcements([]),
        tokens=PageTokens("secret"),
    )

    async def progress(percent: int, message: str) -> None:
        assert message

    def retention(days: float) -> Retention:
        return Retention(talk.threads, conversations, days=days)

    talk.database.threads[talk.thread].updated -= timedelta(days=2)
    assert await retention(0).apply(progress) == 0
    assert await retention(3).apply(progress) == 0
    assert await retention(1).apply(progress) == 1
    assert not talk.database.threads
    assert all(row.turn is None for row in talk.database.rows.values())
