"""What users do with their own threads, over gRPC, with two instances on real databases."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from lectern.chat.v1 import chat_pb2
from lectern.threads.v1 import threads_pb2, turns_pb2

from kit.errors import InvalidArgument, NotFound, Reason
from kit.redis import connect
from kit.turnlog.ports import Entry
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from services.threads.settings import ThreadsSettings
from tests.grpc.threads.client import BOB, ELSEWHERE, STATE, ThreadsClient

Thread = threads_pb2.Thread
Message = threads_pb2.Message
ThreadEvent = threads_pb2.ThreadEvent


async def pages_of_threads(client: ThreadsClient, size: int, **fields: Any) -> list[list[str]]:
    pages, token = [], ""
    while True:
        answer = await client.list(page_size=size, page_token=token, **fields)
        pages.append([thread.course for thread in answer.threads])
        token = answer.next_page_token
        if not token:
            return pages


async def test_threads_are_listed_newest_first_page_by_page(one: ThreadsClient, two: ThreadsClient) -> None:
    for number in range(5):
        await one.answered("Why?", "Because.", course=f"courses/c{number}")
    await one.answered("And?", "So.", course="courses/c1")
    newest = [["courses/c1", "courses/c4"], ["courses/c3", "courses/c2"], ["courses/c0"]]
    assert await pages_of_threads(two, 2) == newest
    created = [["courses/c4", "courses/c3", "courses/c2"], ["courses/c1", "courses/c0"]]
    assert await pages_of_threads(two, 3, order_by="create_time desc") == created
    assert await pages_of_threads(one, 10, course="courses/c3") == [["courses/c3"]]


async def test_a_list_shows_every_change_at_once_on_every_instance(one: ThreadsClient, two: ThreadsClient) -> None:
    async def counts() -> list[tuple[str, int]]:
        shown = [[(t.title, t.message_count) for t in (await client.list()).threads] for client in (one, two)]
        assert shown[0] == shown[1]
        return shown[0]

    assert await counts() == []
    begun = await one.begin("Why?")
    assert await counts() == [("Why?", 1)]
    await two.complete(begun, "Because.")
    assert await counts() == [("Why?", 2)]
    await one.update(Thread(name=begun.turn.thread, title="Waves"), "title")
    assert await counts() == [("Waves", 2)]
    await two.delete(begun.turn.thread)
    assert await counts() == []


async def test_a_page_token_is_good_for_its_own_list_alone(one: ThreadsClient) -> None:
    for number in range(3):
        await one.answered("Why?", "Because.", course=f"courses/c{number}")
    token = (await one.list(page_size=1)).next_page_token
    for fields in ({"order_by": "create_time desc"}, {"caller": BOB}, {"course": "courses/c1"}):
        with pytest.raises(InvalidArgument) as refused:
            await one.list(page_token=token, **fields)
        assert refused.value.reason is Reason.PAGE_TOKEN_INVALID


async def test_a_thread_is_renamed_labelled_and_found_by_its_labels(one: ThreadsClient) -> None:
    turn = await one.answered("What is a wave?", "It carries energy.")
    fresh = await one.get(turn.thread)
    assert (fresh.title, fresh.course, fresh.message_count) == ("What is a wave?", "courses/waves", 2)
    await one.update(Thread(name=turn.thread, metadata={"exam": "yes", "week": "3"}), "metadata")
    changed = await one.update(Thread(name=turn.thread, title="Waves"), "title", "metadata.exam")
    assert (changed.title, dict(changed.metadata)) == ("Waves", {"week": "3"})
    assert [thread.name for thread in (await one.list(metadata=["week=3"])).threads] == [turn.thread]
    assert not (await one.list(metadata=["week=3", "exam=yes"])).threads


@pytest.mark.parametrize(
    ("fields", "paths", "field"),
    [
        ({"title": "x" * 201}, ["title"], "thread.title"),
        ({"title": " "}, ["title"], "thread.title"),
        ({"metadata": {str(n): "" for n in range(33)}}, ["metadata"], "thread.metadata"),
        ({"metadata": {"a": "x" * 257}}, ["metadata"], "thread.metadata"),
        ({"title": "x"}, ["create_time"], "update_mask"),
    ],
)
async def test_bad_changes_are_refused_by_the_name_of_the_field(
    one: ThreadsClient, fields: dict[str, str], paths: list[str], field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await one.update(Thread(name="threads/t1", **fields), *paths)  # type: ignore[arg-type]
    assert refused.value.field == field


async def test_single_labels_cannot_grow_beyond_the_bound(one: ThreadsClient) -> None:
    turn = await one.answered("Why?", "Because.")
    full = {f"k{number}": "v" for number in range(32)}
    await one.update(Thread(name=turn.thread, metadata=full), "metadata")
    with pytest.raises(InvalidArgument):
        await one.update(Thread(name=turn.thread, metadata={"more": "v"}), "metadata.more")


async def test_messages_are_read_from_either_end_page_by_page(one: ThreadsClient) -> None:
    turns = [await one.answered(f"Question {n}?", f"Answer {n}.") for n in range(1, 4)]
    running = await one.begin("Question 4?")
    thread = running.turn.thread
    seen, token = [], ""
    while True:
        page = await one.messages(thread, page_size=3, page_token=token)
        assert len(page.messages) <= 3
        seen += [(message.sequence, message.role, message.text) for message in page.messages]
        token = page.next_page_token
        if not token:
            break
    both = [(2 * n - 1 + role, role + 1, f"{('Question', 'Answer')[role]} {n}") for n in (1, 2, 3) for role in (0, 1)]
    assert [(number, role, text[:-1]) for number, role, text in seen] == [*both, (7, Message.USER, "Question 4")]
    newest = (await one.messages(thread, page_size=2, order_by="sequence desc")).messages
    assert [(m.sequence, m.state) for m in newest] == [(7, STATE.RUNNING), (6, STATE.COMPLETED)]
    answers = (await one.messages(thread, role=Message.ASSISTANT)).messages
    assert [message.turn for message in answers] == [turn.name for turn in turns]


async def test_nothing_of_a_thread_is_left_when_it_is_deleted(one: ThreadsClient, two: ThreadsClient) -> None:
    await one.answered("What is resonance?", "It builds up.")
    running = await one.begin("And pitch?")
    await two.delete(running.turn.thread)
    with pytest.raises(NotFound):
        await one.complete(running, "Too late.")
    assert not (await one.search("resonance pitch late")).results
    again = await one.begin("Once more?")
    assert again.turn.thread != running.turn.thread
    assert (again.turn.sequence, list(again.history)) == (1, [])


async def test_somebody_elses_thread_is_not_found(one: ThreadsClient) -> None:
    name = (await one.answered("What is resonance?", "It builds up.")).thread
    for stranger in (BOB, ELSEWHERE):
        for call in (
            one.get(name, stranger),
            one.update(Thread(name=name, title="mine"), "title", caller=stranger),
            one.delete(name, stranger),
            one.messages(name, caller=stranger),
            anext(one.watch(name, stranger)),
        ):
            with pytest.raises(NotFound) as hidden:
                await call
            assert hidden.value.reason is Reason.THREAD_NOT_FOUND
        assert not (await one.list(caller=stranger)).threads
        assert not (await one.search("resonance", caller=stranger)).results


async def test_words_are_found_with_their_surroundings(one: ThreadsClient) -> None:
    best = await one.answered("What is <i>resonance</i>?", "A resonance builds up at one frequency.")
    other = await one.answered("And pitch?", "Pitch follows frequency.", course="courses/sound")
    [first] = (await one.search("resonance")).results
    assert first.thread.name == best.thread
    assert (first.message.turn, first.message.role) == (best.name, Message.USER)
    assert first.snippet == "What is &lt;i&gt;<mark>resonance</mark>&lt;/i&gt;?"
    page = await one.search("resonance frequency", page_size=1)
    rest = await one.search("resonance frequency", page_size=1, page_token=page.next_page_token)
    assert [found.message.turn for found in (*page.results, *rest.results)] == [best.name, other.name]
    assert not rest.next_page_token
    [sound] = (await one.search("frequencies", course="courses/sound")).results
    assert (sound.message.role, sound.snippet) == (Message.ASSISTANT, "Pitch follows <mark>frequency</mark>.")
    with pytest.raises(InvalidArgument) as refused:
        await one.search(" ")
    assert refused.value.field == "query"


async def without_heartbeats(
    events: AsyncGenerator[threads_pb2.ThreadEvent, None],
) -> AsyncGenerator[threads_pb2.ThreadEvent, None]:
    async with aclosing(events) as every:
        async for event in every:
            if not event.HasField("heartbeat"):
                yield event


async def test_a_watcher_sees_turns_from_their_beginning_changes_and_the_end(
    one: ThreadsClient, two: ThreadsClient, settings: ThreadsSettings
) -> None:
    client = connect(settings.cache_url, settings)
    wakes = Wakes(client)
    log = RedisTurnLog(client, wakes)

    async def say(begun: turns_pb2.BeginTurnResponse, sequence: int, *, final: bool = False) -> None:
        delta = chat_pb2.TurnEvent.Delta(text=f"word {sequence}")
        event = chat_pb2.TurnEvent(sequence=sequence, delta=delta).SerializeToString()
        await log.append(begun.turn.name, 1, [Entry(sequence, event, final)])

    running = await one.begin("First?")
    thread = running.turn.thread
    await say(running, 1)
    async with asyncio.timeout(30), aclosing(without_heartbeats(two.watch(thread))) as events:
        first = await anext(events)
        assert (first.turn_event.turn, first.turn_event.event.delta.text) == (running.turn.name, "word 1")
        await say(running, 2, final=True)
        assert (await anext(events)).turn_event.event.sequence == 2
        second = await one.begin("Second?")
        await say(second, 1)
        assert (await anext(events)).turn_event.turn == second.turn.name
        await one.update(Thread(name=thread, title="Renamed"), "title")
        assert (await anext(events)).thread_updated.title == "Renamed"
        await one.delete(thread)
        assert (await anext(events)).HasField("thread_deleted")
        assert [event async for event in events] == []
    await wakes.close()
    await client.aclose()
