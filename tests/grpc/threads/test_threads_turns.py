"""The life of turns over gRPC, with two instances of the service on real databases."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import pytest
import redis
from lectern.threads.v1 import turns_pb2
from pymongo import monitoring

from kit.errors import Conflict, InvalidArgument, LecternError, NotFound, Reason
from services.threads.settings import ThreadsSettings
from tests.grpc.threads.client import BOB, ELSEWHERE, STATE, ThreadsClient, serve


class Commands(monitoring.CommandListener):
    """Counts what is sent to MongoDB, by reads and writes of data."""

    READS = frozenset({"find", "aggregate", "count", "distinct"})
    WRITES = frozenset({"insert", "update", "delete", "findAndModify"})

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        kinds = {"reads": self.READS, "writes": self.WRITES}
        self.seen.update(kind for kind, names in kinds.items() if event.command_name in names)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


commands = Commands()
monitoring.register(commands)


async def test_a_turn_is_begun_answered_and_remembered(one: ThreadsClient) -> None:
    await one.renew("g1")
    first = await one.begin("What is a wave?", video_url="https://v/1", request_id="r1")
    assert (first.attached, first.video_changed, list(first.history), list(first.ahead)) == (False, False, [], [])
    assert (first.turn.state, first.turn.sequence, first.turn.course) == (STATE.RUNNING, 1, "courses/waves")
    done = await one.complete(first, "It carries energy.")
    assert done.state == STATE.COMPLETED
    second = await one.begin("And sound?", video_url="https://v/2")
    assert second.video_changed
    assert [(past.question, past.answer) for past in second.history] == [("What is a wave?", "It carries energy.")]
    assert second.turn.thread == first.turn.thread
    assert not second.ahead


async def test_200_questions_at_once_over_two_instances_meet_in_one_thread(
    one: ThreadsClient, two: ThreadsClient
) -> None:
    await one.renew("g1")
    begun = await asyncio.gather(*((one, two)[n % 2].begin(f"Question {n}?") for n in range(200)))
    assert len({answer.turn.thread for answer in begun}) == 1
    assert sorted(answer.turn.sequence for answer in begun) == list(range(1, 201))
    assert sorted(len(answer.ahead) for answer in begun) == list(range(200))


async def test_nothing_is_lost_when_redis_is_flushed_in_the_middle(
    one: ThreadsClient, two: ThreadsClient, redis_url: str
) -> None:
    await one.renew("g1")

    async def flushed(after: int) -> turns_pb2.BeginTurnResponse:
        if after == 25:
            with redis.Redis.from_url(redis_url) as client:
                client.flushall()
        return await (one, two)[after % 2].begin(f"Question {after}?")

    begun = await asyncio.gather(*(flushed(n) for n in range(50)))
    ended = await asyncio.gather(*(two.complete(answer, "Yes.") for answer in begun))
    assert len({turn.thread for turn in ended}) == 1
    [thread] = (await one.list()).threads
    assert thread.message_count == 100


async def test_a_turn_costs_two_writes_with_a_warm_cache(one: ThreadsClient) -> None:
    await one.renew("g1")
    await one.complete(await one.begin("Warm up?"), "Yes.")
    for _ in range(3):
        commands.seen.clear()
        await one.complete(await one.begin("And now?"), "Yes.")
        assert commands.seen == {"writes": 2}


async def test_a_thread_that_another_instance_deleted_is_begun_anew(one: ThreadsClient, two: ThreadsClient) -> None:
    await one.renew("g1")
    first = await one.complete(await one.begin("First?"), "Yes.")
    await two.delete(first.thread)
    again = await one.begin("Again?")
    assert again.turn.thread != first.thread
    assert (again.turn.sequence, list(again.history)) == (1, [])


async def test_the_same_request_at_once_on_two_instances_is_one_turn(one: ThreadsClient, two: ThreadsClient) -> None:
    await one.renew("g1")
    await one.complete(await one.begin("Warm up?"), "Yes.")
    begun = await asyncio.gather(*((one, two)[n % 2].begin("Why?", request_id="r1") for n in range(20)))
    assert len({each.turn.name for each in begun}) == 1
    assert [each.attached for each in begun].count(False) == 1


async def test_a_repeated_request_finds_its_turn_running_and_ended(one: ThreadsClient, two: ThreadsClient) -> None:
    await one.renew("g1")
    begun = await one.begin("Why?", request_id="r1")
    again = await two.begin("Why?", request_id="r1", owner="g2")
    assert (again.attached, again.turn, again.lease) == (True, begun.turn, begun.lease)
    done = await one.complete(begun, "Because.")
    assert await two.complete(begun, "Because.") == done
    ended = await two.begin("Why?", request_id="r1", owner="g2")
    assert (ended.attached, ended.turn.answer, ended.HasField("lease")) == (True, "Because.", False)


async def test_a_turn_of_a_dead_owner_is_taken_over_and_its_stale_end_refused(
    one: ThreadsClient, two: ThreadsClient
) -> None:
    await one.renew("g1")
    past = await one.begin("Before?")
    await one.complete(past, "Yes.")
    begun = await one.begin("Why?", video_url="https://v/1")
    with pytest.raises(Conflict) as busy:
        await two.claim(begun.turn.name, "g2")
    assert busy.value.reason is Reason.TURN_IN_PROGRESS
    await one.renew("g1", release=True)
    assert not (await two.read(begun.turn.name)).owner_alive
    await two.renew("g2")
    claimed = await two.claim(begun.turn.name, "g2")
    assert (claimed.lease.owner, claimed.lease.fencing_token) == ("g2", begun.lease.fencing_token + 1)
    assert [exchange.answer for exchange in claimed.history] == ["Yes."]
    assert (await two.claim(begun.turn.name, "g2")).lease == claimed.lease
    with pytest.raises(Conflict) as stale:
        await one.complete(begun, "Stale.")
    assert stale.value.reason is Reason.LEASE_LOST
    fresh = turns_pb2.BeginTurnResponse(turn=claimed.turn, lease=claimed.lease)
    assert (await two.complete(fresh, "Fresh.")).answer == "Fresh."
    assert not (await two.claim(begun.turn.name, "g3")).HasField("lease")


async def test_a_question_whose_owner_died_is_kept_when_another_is_asked(one: ThreadsClient) -> None:
    lost = await one.begin("Who answers?", owner="dead")
    await one.renew("g1")
    after = await one.begin("And now?")
    assert not after.ahead
    kept = await one.read(lost.turn.name)
    assert (kept.turn.question, kept.turn.state) == ("Who answers?", STATE.FAILED)
    assert kept.turn.failure_reason == "STREAM_INTERRUPTED"


async def test_a_discarded_first_question_leaves_no_thread(one: ThreadsClient) -> None:
    begun = await one.begin("Is anybody there?", course="courses/nowhere")
    assert [thread.course for thread in (await one.list()).threads] == ["courses/nowhere"]
    await one.discard(begun)
    assert not (await one.list()).threads
    with pytest.raises(NotFound) as gone:
        await one.read(begun.turn.name)
    assert gone.value.reason is Reason.TURN_NOT_FOUND


async def test_a_second_question_is_refused_where_the_setting_says_so(
    stack: AsyncExitStack, settings: ThreadsSettings
) -> None:
    strict = await serve(stack, settings.model_copy(update={"turn_concurrency": "refuse"}))
    await strict.renew("g1")
    first = await strict.begin("First?")
    with pytest.raises(Conflict) as refused:
        await strict.begin("Second?")
    assert refused.value.reason is Reason.TURN_IN_PROGRESS
    await strict.complete(first, "Yes.")
    assert (await strict.begin("Second?")).turn.sequence == 2


async def test_the_queue_of_a_thread_is_bounded(stack: AsyncExitStack, settings: ThreadsSettings) -> None:
    small = await serve(stack, settings.model_copy(update={"turn_queue_limit": 2}))
    await small.renew("g1")
    await small.begin("One?")
    await small.begin("Two?")
    with pytest.raises(LecternError) as refused:
        await small.begin("Three?")
    assert refused.value.reason is Reason.RATE_LIMITED


async def test_turns_are_their_users_alone(one: ThreadsClient) -> None:
    begun = await one.begin("Mine?")
    for stranger in (BOB, ELSEWHERE):
        with pytest.raises(NotFound) as hidden:
            await one.read(begun.turn.name, stranger)
        assert hidden.value.reason is Reason.TURN_NOT_FOUND
        assert (await one.begin("Mine?", caller=stranger)).turn.thread != begun.turn.thread


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"message": "  "}, Reason.MESSAGE_EMPTY, "message"),
        ({"message": "x" * 20_000}, Reason.TOO_LARGE, "message"),
        ({"message": "x", "course": "waves"}, Reason.INVALID_ARGUMENT, "course"),
        ({"message": "x", "request_id": "r" * 129}, Reason.TOO_LARGE, "request_id"),
    ],
)
async def test_bad_questions_are_refused_by_name(
    one: ThreadsClient, fields: dict[str, str], reason: Reason, field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await one.begin(**fields)  # type: ignore[arg-type]
    assert (refused.value.reason, refused.value.field) == (reason, field)
