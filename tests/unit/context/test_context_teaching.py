"""What a model writes about a source is held against it."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, Reason
from kit.writing.drafts import Unusable
from kit.writing.writers import MemoryWriter
from services.context.model import (
    Chapter,
    Course,
    CourseKey,
    Cue,
    Document,
    DocumentState,
    Passage,
    Scope,
    SourceContext,
    Video,
)
from services.context.retrieval import knowledge
from services.context.service.teaching.bounds import Bounds
from services.context.service.teaching.chapters import chapter_task, even_chapters, outline_task
from services.context.service.teaching.material import Material, material_of
from services.context.service.teaching.questions import quiz_task
from services.context.service.teaching.writing import written
from tests.unit.context.grounding.conftest import STUDENT

NOW: Any = None
CUES = (Cue(0, 4000, "A wave carries"), Cue(4000, 9000, "energy, not matter."))
SPOKEN = Passage("p0", "A wave carries energy, not matter.", 0, 9000, CUES)
PAGES = tuple(Passage(f"p{n}", f"On page {n} stands what resonance number {n} is.", page=n) for n in range(1, 41))
DOCUMENT = Document("d1", "Resonance", "r.pdf", "b", 1, "tess", NOW, NOW, DocumentState.READY, page_count=40)
QUESTION = {
    "text": "What does a wave carry?",
    "options": ["Matter", "Energy"],
    "answer": 1,
    "explanation": "It leaves matter behind.",
    "passage": 1,
    "quote": "wave carries ENERGY",
}


def material(scope: Scope) -> Material:
    video = Video("v1", "https://v.example/1.mp4", "Waves", "e1", "english", "tess", 9000, 2, 1, NOW, NOW)
    document = replace(DOCUMENT, edition="e2", language="english", passage_count=len(PAGES))
    contexts = [SourceContext(video, (SPOKEN,), (None,)), SourceContext(document, PAGES, (None,) * len(PAGES))]
    course = Course(CourseKey("t", "waves"), "Waves", NOW, NOW, 1)
    return material_of(knowledge.build(course, contexts, None), scope)


def quiz_of(*questions: dict[str, Any], scope: Scope | None = None) -> Any:
    task = quiz_task("waves", 5, Bounds())
    draft = {"title": "Waves", "questions": list(questions)}
    return task.read(draft, material(scope or Scope(video_url="https://v.example/1.mp4")))


def test_a_question_is_cited_to_the_second() -> None:
    title, (question,) = quiz_of(QUESTION)
    assert (title, question.options, question.answer) == ("Waves", ("Matter", "Energy"), 1)
    assert (question.quote.start, question.quote.end) == (0, 9000)


@pytest.mark.parametrize(
    "change",
    [
        {"quote": "waves are made of cheese"},
        {"quote": "a wave"},
        {"answer": 2},
        {"answer": -1},
        {"options": ["Energy", "energy"]},
        {"options": ["Energy"]},
        {"options": ["", "Energy"]},
        {"text": " "},
    ],
)
def test_questions_that_the_source_does_not_bear_out_are_left_out(change: dict[str, Any]) -> None:
    good = {**QUESTION, "quote": "A wave carries energy", "text": "And what else?"}
    _, questions = quiz_of({**QUESTION, "quote": "A wave carries energy", **change}, good)
    assert [question.text for question in questions] == ["And what else?"]
    with pytest.raises(Unusable):
        quiz_of({**QUESTION, "quote": "A wave carries energy", **change})


def test_a_quote_is_found_where_it_is_though_another_passage_was_named() -> None:
    scope = Scope(document="d1")
    _, (question,) = quiz_of({**QUESTION, "passage": 3, "quote": "what resonance number 17 is"}, scope=scope)
    assert (question.quote.document, question.quote.page, question.quote.start) == ("d1", 17, None)


def test_the_scope_bounds_the_material_and_must_be_there() -> None:
    assert [piece.passage.page for piece in material(Scope("", "d1", 3, 5)).pieces] == [3, 4, 5]
    with pytest.raises(NotFound):
        material(Scope(document="none"))
    with pytest.raises(NotFound):
        material(Scope(video_url="https://v.example/none.mp4"))
    with pytest.raises(InvalidArgument):
        material(Scope("", "d1", 50, 60))


def test_what_does_not_fit_is_thinned_out_evenly() -> None:
    whole = material(Scope(document="d1"))
    part = whole.within(len(whole.text) // 2)
    pages = [piece.passage.page for piece in part.pieces]
    assert 10 < len(pages) < 30
    assert pages[0] < 5
    assert pages[-1] > 35
    assert len(whole.within(1).pieces) == 1
    assert "(page 1)" in part.text


def test_chapters_cover_the_document_without_a_gap() -> None:
    task = outline_task("waves", DOCUMENT, Bounds())
    draft = {"chapters": [{"title": "Springs", "firstPage": 3}, {"title": "Strings", "firstPage": 20}]}
    chapters = task.read(draft, Material(()))
    assert [(each.title, each.first_page, each.last_page) for each in chapters] == [
        ("Springs", 1, 19),
        ("Strings", 20, 40),
    ]
    for pages in ([], [1, 1], [5, 3], [0], [41]):
        with pytest.raises(Unusable):
            task.read({"chapters": [{"title": "x", "firstPage": page} for page in pages]}, Material(()))
    assert [(each.first_page, each.last_page) for each in even_chapters(DOCUMENT, Bounds())] == [
        (1, 10),
        (11, 20),
        (21, 30),
        (31, 40),
    ]


async def test_a_second_try_says_what_was_wrong_with_the_first() -> None:
    good = orjson.dumps({"summary": "All about it.", "points": [{"passage": 1, "quote": "what resonance number 2 is"}]})
    writer = MemoryWriter(["I could not say.", good.decode()])
    task = chapter_task("waves", Chapter("Springs", "d1", 1, 4), Bounds())
    (summary, quotes), by = await written(writer, STUDENT, task, material(Scope("", "d1", 1, 4)))
    assert (summary, [quote.page for quote in quotes], by.model) == ("All about it.", [2], "memory")
    assert "Your last attempt could not be used: it was not JSON." in writer.assignments[1].instruction


async def test_where_no_try_can_be_used_that_is_said() -> None:
    task = chapter_task("waves", Chapter("Springs", "d1", 1, 4), Bounds())
    caller = Caller("t", "tess")
    with pytest.raises(FailedPrecondition, match="no model wrote what can be used: it was not JSON"):
        await written(MemoryWriter(["no"]), caller, task, material(Scope(document="d1")))
    long = InvalidArgument("too long", Reason.CONTEXT_TOO_LONG)
    with pytest.raises(FailedPrecondition, match="the material is too long"):
        await written(MemoryWriter([long]), caller, task, material(Scope(document="d1")))


def test_by_default_lengths_are_left_to_the_model() -> None:
    for task in (quiz_task("waves", 5, Bounds()), chapter_task("waves", Chapter("Springs", "d1", 1, 4), Bounds())):
        schema = orjson.dumps(task.schema(material(Scope("", "d1", 1, 4)))).decode()
        assert not {"maxLength", "maxItems", "maximum", "enum"} & set(schema.replace('"', " ").split())


def test_small_models_write_to_a_schema_without_an_open_end() -> None:
    """Every text, number and list in it ends somewhere, and what is quoted is there to be chosen."""
    strict, part = Bounds(strict=True, chapters=4), material(Scope("", "d1", 1, 4))
    chapter = Chapter("Springs", "d1", 1, 4)
    for task in (
        quiz_task("waves", 2, strict),
        chapter_task("waves", chapter, strict),
        outline_task("waves", DOCUMENT, strict),
    ):
        for schema in _parts(task.schema(part)):
            bound = {"string": "maxLength", "integer": "maximum", "array": "maxItems"}.get(schema.get("type", ""))
            assert bound is None or bound in schema, schema
    points = chapter_task("waves", chapter, strict).schema(part)["properties"]["points"]
    quotes = points["items"]["properties"]["quote"]["enum"]
    assert quotes == [f"On page {n} stands what resonance number {n} is." for n in range(1, 5)]


def _parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return [schema, *(part for each in inner for part in _parts(each))]


async def test_what_is_written_is_asked_for_in_the_bounds() -> None:
    writer, bounds = MemoryWriter(["no"]), Bounds(characters=300, tokens=90, strict=True)
    with pytest.raises(FailedPrecondition):
        await written(writer, STUDENT, quiz_task("waves", 1, bounds), material(Scope(document="d1")))
    assert {each.max_tokens for each in writer.assignments} == {90}
    assert len(writer.assignments) == 3
    assert max(len(each.material) for each in writer.assignments) <= 300
