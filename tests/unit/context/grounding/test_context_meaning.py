"""Vectors: joined in time, missing, slow, of another model."""

from collections.abc import Sequence
from typing import Any

import pytest

from kit.errors import DeadlineExceeded, Unavailable
from services.context.adapters.exact_index import ExactIndexes
from services.context.adapters.memory_stores import (
    MemoryVectors,
)
from services.context.model import CourseKey, Vector
from services.context.ports import Embedded
from services.context.service import indexing
from services.context.service.finding import Finding
from services.context.service.indexing import Pace
from services.context.service.queries import PAUSE_AFTER_FAILURE, QueryVectors
from services.context.service.search import Search
from tests.unit.context.grounding.conftest import KEY, SENTENCES, STUDENT, Rig, until


async def test_vectors_join_where_words_find_nothing(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    built = await rig.ask("Zyzzyva?")
    assert [found.score > 0 for found in built.passages] == [True]


async def test_meaning_is_not_looked_up_where_words_settle_it(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    await rig.indexing.sweep()
    calls = rig.embedder.inner.calls
    built = await rig.ask("item31?")
    assert "item31." in built.passages[0].passage.text
    assert rig.embedder.inner.calls == calls
    await rig.ask("which of them is the thirtyfirst?")
    assert rig.embedder.inner.calls == calls + 1


async def test_readers_search_by_meaning_too_whatever_words_find(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    await rig.indexing.sweep()
    queries, calls = QueryVectors(rig.embedder), rig.embedder.inner.calls
    found = await Finding(rig.grounding, Search(queries, budget=1)).passages(STUDENT, "waves", "item31?", "", 50)
    assert rig.embedder.inner.calls == calls + 1
    assert "item31." in found[0].passage.text
    await queries.close()


async def test_a_query_has_one_vector_whatever_its_case_and_space_and_one_for_each_tenant(rig: Rig) -> None:
    queries = QueryVectors(rig.embedder)
    calls = rig.embedder.inner.calls

    async def vector(query: str, tenant: str = "default") -> Vector | None:
        return await queries.finish(queries.begin(STUDENT, CourseKey(tenant, "waves"), query))

    first = await vector("What is a wave?")
    assert await vector("  what is\n a WAVE? ") == first
    assert rig.embedder.inner.calls == calls + 1
    await vector("What is a wave?", "elsewhere")
    assert rig.embedder.inner.calls == calls + 2
    assert await vector(" \n") is None
    await queries.close()


async def test_a_slow_vector_is_not_waited_for_and_serves_the_next(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    rig.embedder.open.clear()
    calls = rig.embedder.inner.calls
    slow = await rig.ask("Zyzzyva?")
    assert [found.score for found in slow.passages] == [0]
    rig.embedder.open.set()
    await until(lambda: rig.embedder.inner.calls > calls)
    built = await rig.ask("Zyzzyva?")
    assert built.passages[0].score > 0
    assert rig.embedder.inner.calls == calls + 1


async def test_an_embedder_that_fails_is_left_alone_for_a_while(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    rig.embedder.error = Unavailable("away")
    for _ in range(3):
        assert (await rig.ask("ripples")).passages
    assert rig.embedder.inner.calls == 1
    rig.clock.now += PAUSE_AFTER_FAILURE
    await rig.ask("ripples")
    assert rig.embedder.inner.calls == 2


async def test_words_answer_while_no_index_of_vectors_can_be_opened(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("away")

    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    with monkeypatch.context() as patch:
        patch.setattr(ExactIndexes, "open", away)
        assert (await rig.ask("waves")).passages[0].passage.text == "Waves carry energy."
    rig.clock.now += 31
    assert (await rig.ask("Zyzzyva?")).passages[0].score > 0


async def test_another_model_embeds_everything_again(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    await rig.indexing.sweep()
    assert {vector.model for vector in rig.shelves.vectors.values()} == {"hashing"}
    calls = rig.embedder.inner.calls
    await rig.indexing.sweep()
    assert rig.embedder.inner.calls == calls + 1, "nothing but the question which model it is"

    rig.embedder.inner.model = "better"
    unmatched = await rig.ask("Zyzzyva?")
    assert [found.score for found in unmatched.passages[:1]] == [0], "vectors of two models are not compared"
    await rig.indexing.sweep()
    assert {vector.model for vector in rig.shelves.vectors.values()} == {"better"}
    assert (await rig.ask("Zyzzyva?")).passages[0].score > 0


async def test_batches_shrink_until_a_slow_model_ends_them_in_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "QUICK", 0.0)
    for number in range(9):
        await rig.bring(f"video-{number}", "Waves carry energy.")
    embed, sizes = rig.embedder.inner.embed, list[int]()

    async def slow(caller: Any, texts: Sequence[str], course: Any, *, query: bool) -> Embedded:
        if not query:
            sizes.append(len(texts))
        if len(texts) > 2:
            raise DeadlineExceeded("too many for the time")
        return await embed(caller, texts, course, query=query)

    rig.embedder.embed = slow  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(DeadlineExceeded):
            await rig.indexing.sweep()
    assert await rig.indexing.sweep()
    assert sizes == [8, 4, 2, 2, 2, 2, 1]
    assert len(rig.shelves.vectors) == 9


def test_a_batch_is_what_the_model_takes_in_a_second_or_two() -> None:
    pace = Pace()
    for seconds, size in ((0.1, 16), (0.1, 32), (0.1, 64), (0.1, 64), (1.0, 64), (2.1, 32), (0.4, 64), (9, 32)):
        pace.took(pace.batch, seconds)
        assert pace.batch == size
    pace.took(pace.batch - 1, 0.1)
    assert pace.batch == 32, "a batch that was not full says little"
    for _ in range(9):
        pace.slower(pace.batch)
    assert pace.batch == 1


async def test_the_pause_grows_while_the_model_is_away(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    rig.embedder.error = Unavailable("away")
    assert [await rig.indexing._swept() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    rig.embedder.error = None
    assert await rig.indexing._swept() == 60, "the next sweep is a regular one"
    rig.embedder.error = Unavailable("away")
    assert await rig.indexing._swept() == 1


async def test_a_model_that_changes_in_the_middle_stops_the_sweep(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    embed = rig.embedder.inner.embed

    async def fickle(*given: Any, query: bool) -> Embedded:
        made = await embed(*given, query=query)
        rig.embedder.inner.model = "another"
        return made

    rig.embedder.embed = fickle  # type: ignore[assignment, method-assign]
    with pytest.raises(Unavailable):
        await rig.indexing.sweep()
    assert rig.shelves.vectors == {}
    await rig.indexing.sweep()
    assert {vector.model for vector in rig.shelves.vectors.values()} == {"another"}


async def test_a_course_that_another_instance_embeds_is_left_to_it(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    rig.indexing._vectors = claimed = MemoryVectors(rig.shelves)
    async with claimed.claim(KEY, 60):
        assert not await rig.indexing.sweep(), "something is left"
    assert rig.shelves.vectors == {}
    assert await rig.indexing.sweep()
    assert isinstance(next(iter(rig.shelves.vectors.values())), Vector)
