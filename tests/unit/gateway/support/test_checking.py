import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from kit.auth.caller import Caller
from kit.errors import Reason, Unavailable
from services.gateway.model import Cue, Grounding, Passage, SentenceSupport, Support
from services.gateway.support.checking import SupportCheck
from services.gateway.support.vectors import Embedded, SupportVectors

STUDENT = Caller("default", "ana")
BRIDGES = Passage(
    "b",
    "Resonance is when a push arrives in step with a swing. The bridge fell in 1940.",
    "Bridges",
    "https://v/1",
    0.0,
    20.0,
    cues=(
        Cue(0.0, 10.0, "Resonance is when a push arrives in step with a swing."),
        Cue(10.0, 20.0, "The bridge fell in 1940."),
    ),
)
COURSE = Grounding("courses/c", "C", "V", "answer", (BRIDGES,), "v1")
REWORDED = "A structure resonates once shoves arrive at the rhythm of its movement [1]. "


class FakeEmbeddings:
    """One direction for all that speaks of shoves and pushes, another for the rest."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = list[Sequence[str]]()
        self.away = False
        self.model = "m1"

    async def embed(self, caller: Caller, course: str, texts: Sequence[str]) -> Embedded:
        self.asked.append(texts)
        await self.gate.wait()
        if self.away:
            raise Unavailable("no model makes vectors", Reason.PROVIDERS_UNAVAILABLE)
        rows = [[1, 0] if "push" in text or "shove" in text else [0, 1] for text in texts]
        return Embedded(self.model, np.array(rows, np.float32))


@pytest.fixture
def embeddings() -> FakeEmbeddings:
    return FakeEmbeddings()


def check(embeddings: FakeEmbeddings | None, seconds: float = 30.0) -> SupportCheck:
    return SupportCheck(STUDENT, COURSE, SupportVectors(embeddings) if embeddings else None, seconds)


def short(told: Sequence[SentenceSupport]) -> list[tuple[Support, float | None]]:
    return [(each.support, each.citation.start if each.citation else None) for each in told]


async def test_what_words_settle_is_told_at_once(embeddings: FakeEmbeddings) -> None:
    checking = check(embeddings)
    assert checking.feed("The bridge fell in 1940 [1]. ") == []
    assert short(checking.feed("And ")) == [(Support.SUPPORTED, 10.0)]
    assert embeddings.asked == []


async def test_what_words_do_not_settle_is_told_by_its_meaning(embeddings: FakeEmbeddings) -> None:
    checking = check(embeddings)
    checking.feed(REWORDED)
    assert short(await checking.end()) == [(Support.SUPPORTED, 0.0)]


async def test_vectors_that_come_too_late_leave_it_to_words_and_serve_the_next(embeddings: FakeEmbeddings) -> None:
    embeddings.gate.clear()
    vectors = SupportVectors(embeddings)
    late = SupportCheck(STUDENT, COURSE, vectors, 0.01)
    late.feed(REWORDED)
    assert short(await late.end()) == [(Support.NOT_FOUND, None)]
    embeddings.gate.set()
    next_one = SupportCheck(STUDENT, COURSE, vectors, 30.0)
    next_one.feed(REWORDED)
    assert short(await next_one.end()) == [(Support.SUPPORTED, 0.0)]
    passages = [texts for texts in embeddings.asked if len(texts) > 1]
    assert len(passages) == 1
    await vectors.close()


async def test_without_a_model_for_vectors_words_decide_and_it_is_not_asked_again_at_once(
    embeddings: FakeEmbeddings,
) -> None:
    embeddings.away = True
    vectors = SupportVectors(embeddings)
    for _ in range(2):
        checking = SupportCheck(STUDENT, COURSE, vectors, 30.0)
        checking.feed(REWORDED)
        assert short(await checking.end()) == [(Support.NOT_FOUND, None)]
    assert len(embeddings.asked) == 2  # the sentence and the passage, once


async def test_a_claim_that_nothing_bears_has_no_place() -> None:
    checking = check(None)
    checking.feed("The moon is made of green cheese [1].")
    assert short(await checking.end()) == [(Support.NOT_FOUND, None)]


async def test_talk_is_not_checked_and_a_sentence_without_a_marker_is_held_against_all() -> None:
    checking = check(None)
    told = [*checking.feed("Good question! The bridge fell in 1940. Shall I go on?"), *await checking.end()]
    assert [(each.sentence, each.start, each.support) for each in told] == [
        ("The bridge fell in 1940.", 15, Support.SUPPORTED)
    ]
    assert told[0].citation is not None
    assert told[0].citation.index == 0


async def test_passages_that_stand_in_for_an_answer_are_not_checked() -> None:
    checking = check(None)
    checking.stop()
    checking.feed("These parts of the course fit best. The bridge fell in 1940 [1].")
    assert await checking.end() == []


async def test_a_fault_of_vectors_leaves_it_to_words(embeddings: FakeEmbeddings) -> None:
    async def broken(caller: Caller, course: str, texts: Sequence[str]) -> Embedded:
        raise ValueError("not a vector")

    embeddings.embed = broken  # type: ignore[method-assign]
    checking = check(embeddings)
    checking.feed(REWORDED)
    assert short(await checking.end()) == [(Support.NOT_FOUND, None)]


async def test_vectors_of_another_model_are_not_compared(embeddings: FakeEmbeddings) -> None:
    vectors = SupportVectors(embeddings)
    for model, verdict in (
        ("m1", (Support.SUPPORTED, 0.0)),
        ("m2", (Support.NOT_FOUND, None)),
        ("m2", (Support.SUPPORTED, 0.0)),
    ):
        embeddings.model = model
        checking = SupportCheck(STUDENT, COURSE, vectors, 30.0)
        checking.feed(REWORDED)
        assert short(await checking.end()) == [verdict]


async def test_a_tenant_without_vectors_takes_none_from_another(embeddings: FakeEmbeddings) -> None:
    vectors = SupportVectors(embeddings)
    for tenant, away, verdict in (
        ("poor", True, (Support.NOT_FOUND, None)),
        ("rich", False, (Support.SUPPORTED, 0.0)),
        ("poor", False, (Support.NOT_FOUND, None)),
    ):
        embeddings.away = away
        checking = SupportCheck(Caller(tenant, "ana"), COURSE, vectors, 30.0)
        checking.feed(REWORDED)
        assert short(await checking.end()) == [verdict]
