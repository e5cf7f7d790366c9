"""What every engine of vectors promises. Chroma is tested where its `chroma` command is on PATH."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest

from kit.errors import Unavailable
from services.context.adapters.chroma_index import ChromaIndexes, chroma_client
from services.context.adapters.exact_index import ExactIndexes
from services.context.model import Course, CourseKey, Passage, SourceContext, Vector, Video
from services.context.ports import VectorIndexes
from tests.servers import free_port, started

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
WIDTH = 8


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = shutil.which("chroma")
    if command is None:
        pytest.skip("no `chroma` on PATH")
    folder: Path = tmp_path_factory.mktemp("chroma")
    port = free_port()
    arguments = [command, "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)]
    with started(arguments, folder / "chroma.log") as process:
        transport = httpx.HTTPTransport(retries=20)
        with httpx.Client(transport=transport, timeout=30) as client:
            assert client.get(f"http://127.0.0.1:{port}/api/v2/heartbeat").is_success, process.poll()
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=["exact", "chroma"])
async def indexes(request: pytest.FixtureRequest) -> AsyncIterator[VectorIndexes]:
    if request.param == "exact":
        yield ExactIndexes()
        return
    url = request.getfixturevalue("chroma_url")
    async with chroma_client(url, "default_tenant", "default_database", "") as client:
        yield ChromaIndexes(client)


def a_course() -> Course:
    key = CourseKey(f"tenant/{uuid4().hex}", "waves")
    return Course(key=key, title="Waves", created=NOW, updated=NOW, epoch=7)


def towards(axis: int, model: str = "m") -> Vector:
    """A unit vector near an axis."""
    values = np.full(WIDTH, 0.1, dtype=np.float32)
    values[axis % WIDTH] = 1
    return Vector(model, (values / np.linalg.norm(values)).astype(np.float32).tobytes())


def a_context(name: str, vectors: list[Vector | None], made: int = 1) -> SourceContext:
    passages = tuple(Passage(f"{name}{n}", "text", None, None) for n in range(len(vectors)))
    edition = f"{made:x}-{name}"
    video = Video(name, name, name, edition, "english", "tess", 0, 1, len(passages), NOW, NOW)
    return SourceContext(video, passages, tuple(vectors))


async def test_the_nearest_come_first_counted_through_all_videos(indexes: VectorIndexes) -> None:
    contexts = [a_context("a", [towards(0), towards(1), None]), a_context("b", [towards(2), towards(1)])]
    index = await indexes.open(a_course(), contexts)
    assert set((await index.nearest(towards(1), 10))[:2]) == {1, 4}
    assert (await index.nearest(towards(2), 1)) == [3]
    assert len(await index.nearest(towards(0), 10)) == 4


async def test_a_search_stays_within_the_rows_it_is_told(indexes: VectorIndexes) -> None:
    contexts = [a_context("a", [towards(0), towards(1)]), a_context("b", [towards(1), towards(3)])]
    index = await indexes.open(a_course(), contexts)
    assert await index.nearest(towards(1), 10, range(2, 4)) == [2, 3]


async def test_vectors_of_another_model_are_never_compared(indexes: VectorIndexes) -> None:
    course = a_course()
    contexts = [a_context("a", [towards(0, "old"), towards(1, "new"), towards(2, "new")])]
    index = await indexes.open(course, contexts)
    assert sorted(await index.nearest(towards(1, "new"), 10)) == [1, 2]
    assert list(await index.nearest(towards(1, "old"), 10)) == []


async def test_without_vectors_nothing_is_found(indexes: VectorIndexes) -> None:
    for contexts in ([], [a_context("a", [None, None])]):
        index = await indexes.open(a_course(), contexts)
        assert list(await index.nearest(towards(1), 10)) == []


async def test_courses_do_not_see_each_other(indexes: VectorIndexes) -> None:
    mine, others = a_course(), a_course()
    await indexes.open(others, [a_context("a", [towards(1)] * 5)])
    index = await indexes.open(mine, [a_context("a", [towards(0)])])
    assert await index.nearest(towards(1), 10) == [0]
    same_id = replace(mine, key=CourseKey("another", mine.key.course))
    assert list(await (await indexes.open(same_id, [])).nearest(towards(1), 10)) == []


async def test_a_new_edition_replaces_the_old_and_opening_the_old_harms_nothing(indexes: VectorIndexes) -> None:
    course = a_course()
    old, new = a_context("a", [towards(0), towards(1)], made=1), a_context("a", [towards(2)], made=2)
    await indexes.open(course, [old])
    index = await indexes.open(course, [new])
    assert await index.nearest(towards(0), 10) == [0]
    await indexes.open(course, [old])
    assert await index.nearest(towards(2), 10) == [0]


async def test_vectors_that_come_later_join_when_the_course_is_opened_again(indexes: VectorIndexes) -> None:
    course = a_course()
    await indexes.open(course, [a_context("a", [towards(0), None])])
    index = await indexes.open(course, [a_context("a", [towards(0), towards(1)])])
    assert await index.nearest(towards(1), 1) == [1]


async def test_a_course_that_was_dropped_starts_anew(indexes: VectorIndexes) -> None:
    course = a_course()
    await indexes.open(course, [a_context("a", [towards(0)])])
    await indexes.drop(course.key)
    await indexes.drop(course.key)
    index = await indexes.open(course, [a_context("b", [towards(1)])])
    assert await index.nearest(towards(0), 10) == [0]


async def test_a_chroma_that_is_away_is_told_as_such_and_does_not_hinder_deletion() -> None:
    async with chroma_client(f"http://127.0.0.1:{free_port()}", "t", "d", "") as client:
        indexes, course = ChromaIndexes(client), a_course()
        with pytest.raises(Unavailable):
            await indexes.open(course, [a_context("a", [towards(0)])])
        await indexes.drop(course.key)
