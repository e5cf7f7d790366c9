"""What a question gets: passages within the budget, the neighbourhood, the video on screen."""

import pytest

from kit.errors import InvalidArgument
from kit.words.scripts import tokens
from services.context.model import Passage
from services.context.passages.cutting import beginning
from services.context.service.courses import NewCourse
from services.context.service.grounding import TOKENS_PER_PASSAGE, Question, spread
from services.context.service.videos import video_id
from tests.unit.context.grounding.conftest import FILLER, SENTENCES, STUDENT, TEACHER, Rig


async def test_the_passage_that_answers_comes_first_and_the_budget_holds(rig: Rig) -> None:
    url = await rig.bring("one", *SENTENCES)
    for budget in (400, 700, 3000):
        built = await rig.ask("what about item31?", video_url=url, position=200_000, budget=budget)
        assert "item31." in built.passages[0].passage.text
        assert built.neighbourhood
        everything = [found.passage.text for found in [*built.passages, built.neighbourhood]]
        assert sum(map(tokens, everything)) <= budget
        assert tokens(built.neighbourhood.passage.text) <= budget / 3
        ids = [found.passage.id for found in built.passages]
        assert len(ids) == len(set(ids))


async def test_the_neighbourhood_is_what_is_said_around_the_position(rig: Rig) -> None:
    url = await rig.bring("one", *(f"Sentence {n}." for n in range(60)))
    built = await rig.ask("sentence", video_url=url, position=300_000)
    assert built.neighbourhood
    passage = built.neighbourhood.passage
    assert passage.text == " ".join(f"Sentence {n}." for n in range(25, 32))
    assert (passage.start, passage.end, len(passage.cues)) == (250_000, 320_000, 7)
    assert (await rig.ask("sentence", video_url=url)).neighbourhood is None
    assert (await rig.ask("sentence", video_url=url, position=9_000_000)).neighbourhood is None


async def test_the_video_on_screen_comes_first_where_both_fit_and_not_where_another_fits_better(rig: Rig) -> None:
    here = await rig.bring("here", "A guitar string swings in loops.", "Something about boats.")
    there = await rig.bring("there", "A guitar string swings in loops.", "Only here a theremin is played by hand.")
    for url in (here, there):
        built = await rig.ask("How does a guitar string swing?", video_url=url)
        assert built.passages[0].source.id == video_id(url)
        assert built.video
        assert built.video.url == url
    built = await rig.ask("Who plays the theremin by hand?", video_url=here)
    assert built.passages[0].source.id == video_id(there)


async def test_a_question_that_names_nothing_gets_the_beginning(rig: Rig) -> None:
    url = await rig.bring("one", *SENTENCES)
    built = await rig.ask("¿?", video_url=url)
    assert built.passages[0].passage.start == 0


async def test_a_question_for_the_whole_is_answered_from_its_beginning_its_end_and_between(rig: Rig) -> None:
    """Though the words `lecture` and `about` stand in the middle alone."""
    sentences = [*SENTENCES[:30], f"{FILLER} This lecture is not about boats.", *SENTENCES[30:]]
    url = await rig.bring("one", *sentences)
    built = await rig.ask("What is this lecture about?", video_url=url)
    rows = [found.row for found in built.passages]
    assert rows[:2] == [0, len(built.knowledge.passages) - 1]
    assert rows == spread(range(len(built.knowledge.passages)))[: len(rows)]


async def test_of_a_whole_course_each_lecture_is_heard(rig: Rig) -> None:
    for name in ("one", "two", "three"):
        await rig.bring(name, *SENTENCES)
    built = await rig.ask("Summarise this course, please.")
    assert [(found.source.title, found.passage.start) for found in built.passages[:3]] == [
        ("one", 0),
        ("two", 0),
        ("three", 0),
    ]


def test_a_whole_is_told_from_its_ends_to_its_middle() -> None:
    assert spread(range(9)) == [0, 8, 4, 2, 6, 1, 3, 5, 7]
    assert [spread(range(size)) for size in (0, 1, 2)] == [[], [0], [0, 1]]


async def test_a_long_question_is_searched_by_its_beginning(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    built = await rig.ask("what about item31? " + "really? " * 10_000)
    assert "item31." in built.passages[0].passage.text


async def test_unreasonable_questions_are_refused(rig: Rig) -> None:
    with pytest.raises(InvalidArgument):
        await rig.ask("a", budget=-1)
    with pytest.raises(InvalidArgument):
        await rig.ask("a", position=-1)


async def test_popular_courses_are_preloaded_by_how_often_they_are_asked_about(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    for course in ("gone", "quiet"):
        await rig.courses.create(TEACHER, NewCourse(course, course))
        await rig.grounding.build(STUDENT, Question(course, "anything"))
    for _ in range(3):
        await rig.ask("waves")
    await rig.courses.delete(TEACHER, "gone")
    preloaded = await rig.preloading.popular(TEACHER, 10)
    assert [key.course for key in preloaded.courses] == ["waves", "quiet"]
    assert preloaded.videos == 1
    assert [key.course for key in (await rig.preloading.popular(TEACHER, 1)).courses] == ["waves"]


async def test_where_no_passage_fits_the_best_is_cut_at_a_cue(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    (whole, *_) = (await rig.ask("waves", budget=3000)).passages
    budget = tokens(whole.passage.text) // 2 + TOKENS_PER_PASSAGE
    (cut,) = (await rig.ask("waves", budget=budget)).passages
    assert cut.passage.id == whole.passage.id
    assert 0 < len(cut.passage.cues) < len(whole.passage.cues)
    assert cut.passage.cues == whole.passage.cues[: len(cut.passage.cues)]
    assert cut.passage.end == cut.passage.cues[-1].end
    assert tokens(cut.passage.text) + TOKENS_PER_PASSAGE <= budget
    assert (await rig.ask("waves", budget=1)).passages == []


def test_a_passage_of_a_document_is_cut_at_a_word() -> None:
    page = Passage("p", "Waves carry energy from place to place. " * 20, page=3)
    cut = beginning(page, 40)
    assert cut is not None
    assert page.text.startswith(cut.text)
    assert 25 <= tokens(cut.text) <= 40
    assert beginning(page, 0) is None
