"""Knowledge at hand: built once, anew after changes, renewed early, bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from kit.errors import NotFound
from services.context.adapters.memory_documents import MemorySources
from services.context.model import Course
from services.context.service.courses import NewCourse
from services.context.service.videos import video_id
from tests.unit.context.grounding.conftest import KEY, SENTENCES, STUDENT, TEACHER, Rig, rig_of, until


async def test_what_is_at_hand_is_built_once_and_anew_after_each_change(rig: Rig) -> None:
    url = await rig.bring("one", "Waves carry energy.")
    first = await rig.ask("waves")
    for _ in range(3):
        assert (await rig.ask("waves")).course.version == first.course.version
    assert (rig.sources.builds, rig.seen) == (1, ["miss", "hit", "hit", "hit"])

    await rig.bring("one", "Strings swing.")
    second = await rig.ask("waves")
    assert second.course.version != first.course.version
    assert [found.passage.text for found in second.passages] == ["Strings swing."]
    assert second.passages[0].source.id == video_id(url)


async def test_a_thousand_clients_on_a_cold_course_build_it_once(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    rig.sources.open.clear()
    asks = [asyncio.create_task(rig.ask("item7")) for _ in range(1000)]
    await until(lambda: rig.sources.builds > 0)
    asks[0].cancel()
    rig.sources.open.set()
    built = await asyncio.gather(*asks[1:])
    assert all("item7." in context.passages[0].passage.text for context in built)
    assert (rig.sources.builds, rig.sources.heads) == (1, 1)


async def test_what_was_read_before_a_change_is_not_kept_after_it(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    rig.sources.open.clear()
    early = asyncio.create_task(rig.ask("waves"))
    await until(lambda: rig.sources.builds > 0)
    await rig.bring("one", "Strings swing.")
    rig.sources.open.set()
    await early
    late = await rig.ask("waves")
    assert late.passages[0].passage.text == "Strings swing."


async def test_without_news_of_changes_versions_are_checked(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.ask("waves")
    rig.feed.current = False
    rig.shelves.listeners.clear()  # the news does not arrive
    await rig.ask("waves")
    assert rig.sources.builds == 1
    course = rig.shelves.courses[KEY]
    rig.shelves.courses[KEY] = replace(course, title="Changed", revision=course.revision + 1)
    assert (await rig.ask("waves")).course.title == "Changed"
    del rig.shelves.courses[KEY]
    with pytest.raises(NotFound):
        await rig.ask("waves")


async def test_knowledge_is_renewed_early_while_the_old_serves(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    await rig.ask("waves")
    builds = rig.sources.builds
    rig.clock.now += 3599
    rig.sources.open.clear()
    assert (await rig.ask("waves")).passages
    await until(lambda: rig.sources.builds > builds)
    rig.sources.open.set()
    assert rig.sources.builds == builds + 1


async def test_the_shelf_holds_no_more_than_it_may() -> None:
    async with rig_of(room=2) as rig:
        await rig.bring("one", "Waves carry energy.")
        await rig.courses.create(TEACHER, NewCourse("Other", "other"))
        await rig.courses.create(TEACHER, NewCourse("Third", "third"))
        for course in ("waves", "other", "waves", "third", "waves", "other"):
            await rig.grounding.knowledge(STUDENT, course)
    assert rig.seen == ["miss", "miss", "hit", "miss", "hit", "miss"]


async def test_what_another_instance_builds_is_waited_for(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    head = await rig.sources.head(KEY)
    assert head
    async with rig.cache.building(head.course):
        ask = asyncio.create_task(rig.ask("waves"))
        await until(lambda: rig.sources.heads == 2)
        contexts = await MemorySources(rig.shelves).contexts(KEY, head.videos)
        assert contexts
        await rig.cache.put(head.course, contexts, 60)
        assert (await ask).passages
    assert rig.sources.builds == 0


async def test_what_another_instance_built_before_the_door_was_reached_is_taken(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.bring("one", "Waves carry energy.")
    building = rig.cache.building

    @asynccontextmanager
    async def late(course: Course) -> AsyncIterator[bool]:
        head = await rig.sources.head(KEY)
        assert head
        contexts = await MemorySources(rig.shelves).contexts(KEY, head.videos)
        assert contexts
        await rig.cache.put(course, contexts, 60)
        async with building(course) as mine:
            yield mine

    monkeypatch.setattr(rig.cache, "building", late)
    assert (await rig.ask("waves")).passages
    assert rig.sources.builds == 0
