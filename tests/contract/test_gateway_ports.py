"""What the gateway needs of the other services, kept by their memory doubles and by the services themselves."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import Conflict, NotFound, Reason
from kit.redis import connect
from kit.turnlog.redis_bulletin import RedisBulletin
from kit.turnlog.wakes import Wakes
from services.gateway.adapters.generation import GrpcGeneration
from services.gateway.adapters.journal import BulletinOrders
from services.gateway.adapters.knowledge import GrpcKnowledge
from services.gateway.adapters.memory import MemoryGeneration, MemoryKnowledge, MemoryOrders, MemoryThreads
from services.gateway.adapters.threads import GrpcThreads
from services.gateway.model import Delta, Finish, Grounding, Options, Passage, Prompt, Question, State
from services.gateway.ports import Generation, Knowledge, Orders, Threads
from tests.system import VIDEO, System, make_course, whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Ports:
    threads: Threads
    knowledge: Knowledge
    generation: Generation
    orders: Orders
    course: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", params=["memory", "services"])
async def ports(request: pytest.FixtureRequest, system: System) -> AsyncIterator[Ports]:
    if request.param == "memory":
        passage = Passage("p", "It carries energy.", "Waves", VIDEO, 4.0, 8.0)
        grounding = Grounding("courses/waves", "Waves", "Waves", "answer", (passage,), "1")
        words = ["A", "wave", "carries", "energy."]
        yield Ports(
            MemoryThreads(), MemoryKnowledge([grounding]), MemoryGeneration(words), MemoryOrders(), "courses/waves"
        )
        return
    peers = [
        Peer(f"127.0.0.1:{system.ports[name]}", service="gateway", secret=system.settings.internal_secret)
        for name in ("threads", "context", "inference")
    ]
    redis = connect(system.settings.redis_url, system.settings)
    wakes = Wakes(redis)
    yield Ports(
        GrpcThreads(peers[0], 500),
        GrpcKnowledge(peers[1], 1000),
        GrpcGeneration(peers[2]),
        BulletinOrders(RedisBulletin(redis, wakes)),
        await make_course(system),
    )
    for peer in peers:
        await peer.close()
    await wakes.close()
    await redis.aclose()


@pytest.fixture
def student() -> Caller:
    return Caller("school", f"ana-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def owner() -> str:
    return uuid.uuid4().hex


def asked(ports: Ports, text: str = "What does a wave carry?", request: str = "", video: str = VIDEO) -> Question:
    return Question(ports.course, video, text, request or uuid.uuid4().hex, 5.0)


async def test_a_turn_begins_running_under_its_owner(ports: Ports, student: Caller, owner: str) -> None:
    begun = await ports.threads.begin(student, asked(ports), owner)
    assert (begun.turn.state, begun.lease.owner, begun.attached, begun.ahead) == (State.RUNNING, owner, False, ())
    assert begun.turn.name.startswith(f"{begun.turn.thread}/turns/")
    assert (begun.turn.question, begun.video_changed) == ("What does a wave carry?", False)


async def test_a_repeated_request_finds_its_turn(ports: Ports, student: Caller, owner: str) -> None:
    first = await ports.threads.begin(student, asked(ports, request="r"), owner)
    again = await ports.threads.begin(student, asked(ports, request="r"), "another")
    assert (again.turn.name, again.attached) == (first.turn.name, True)
    await ports.threads.complete(student, first.turn.ended_as(State.COMPLETED, "Energy."), first.lease)
    ended = await ports.threads.begin(student, asked(ports, request="r"), owner)
    assert (ended.turn.name, ended.attached, ended.turn.answer) == (first.turn.name, True, "Energy.")


async def test_the_next_question_knows_the_last_answer_and_the_change_of_video(
    ports: Ports, student: Caller, owner: str
) -> None:
    first = await ports.threads.begin(student, asked(ports, "First?"), owner)
    await ports.threads.complete(student, first.turn.ended_as(State.COMPLETED, "Yes."), first.lease)
    second = await ports.threads.begin(student, asked(ports, "Second?", video="https://v/2"), owner)
    assert [(e.question, e.answer) for e in second.history] == [("First?", "Yes.")]
    assert second.video_changed
    assert second.turn.thread == first.turn.thread


async def test_a_second_question_stands_behind_the_first(ports: Ports, student: Caller, owner: str) -> None:
    await ports.threads.renew(owner)
    first = await ports.threads.begin(student, asked(ports, "First?"), owner)
    second = await ports.threads.begin(student, asked(ports, "Second?"), owner)
    assert second.ahead == (first.turn.name,)


async def test_what_was_completed_can_be_read_and_is_completed_once(ports: Ports, student: Caller, owner: str) -> None:
    begun = await ports.threads.begin(student, asked(ports), owner)
    ended = begun.turn.ended_as(State.COMPLETED, "Energy.")
    await ports.threads.complete(student, ended, begun.lease)
    await ports.threads.complete(student, ended, begun.lease)
    held = await ports.threads.read(student, begun.turn.name)
    assert (held.turn.state, held.turn.answer, held.lease) == (State.COMPLETED, "Energy.", None)


async def test_a_turn_keeps_its_end_and_what_it_goes_on_with(ports: Ports, student: Caller, owner: str) -> None:
    first = await ports.threads.begin(student, asked(ports), owner)
    cut = first.turn.ended_as(State.COMPLETED, "A wave carr", finish_reason="length")
    kept = await ports.threads.complete(student, cut, first.lease)
    assert (kept.finish_reason, kept.is_cut) == ("length", True)
    options = Options(max_tokens=9, temperature=0.5, stops=("x",))
    rest = replace(asked(ports, "Go on."), continues=kept.name, options=options)
    begun = await ports.threads.begin(student, rest, owner)
    assert (begun.turn.continues, begun.options) == (kept.name, options)
    claimed = await ports.threads.claim(student, begun.turn.name, "another")
    assert (claimed.turn.continues, claimed.options) == (kept.name, options)
    held = await ports.threads.read(student, kept.name)
    assert (held.turn.finish_reason, held.turn.answer) == ("length", "A wave carr")


async def test_a_discarded_turn_leaves_no_trace(ports: Ports, student: Caller, owner: str) -> None:
    begun = await ports.threads.begin(student, asked(ports), owner)
    await ports.threads.discard(student, begun.turn.name, begun.lease)
    with pytest.raises(NotFound):
        await ports.threads.read(student, begun.turn.name)


async def test_a_turn_is_claimed_from_a_dead_owner_alone(ports: Ports, student: Caller, owner: str) -> None:
    await ports.threads.renew(owner)
    begun = await ports.threads.begin(student, asked(ports), owner)
    assert (await ports.threads.read(student, begun.turn.name)).owner_alive
    with pytest.raises(Conflict) as refused:
        await ports.threads.claim(student, begun.turn.name, "heir")
    assert refused.value.reason == Reason.TURN_IN_PROGRESS
    await ports.threads.renew(owner, release=True)
    assert not (await ports.threads.read(student, begun.turn.name)).owner_alive
    claimed = await ports.threads.claim(student, begun.turn.name, "heir")
    assert (claimed.lease.owner, claimed.position) == ("heir", 5.0)
    assert claimed.lease.token > begun.lease.token
    with pytest.raises(Conflict) as lost:
        await ports.threads.complete(student, begun.turn.ended_as(State.COMPLETED, "Old."), begun.lease)
    assert lost.value.reason == Reason.LEASE_LOST
    kept = await ports.threads.complete(student, claimed.turn.ended_as(State.COMPLETED, "New."), claimed.lease)
    assert kept.answer == "New."


async def test_others_find_nothing(ports: Ports, student: Caller, owner: str) -> None:
    begun = await ports.threads.begin(student, asked(ports), owner)
    for stranger in (Caller("school", "ben"), Caller("elsewhere", student.user)):
        with pytest.raises(NotFound):
            await ports.threads.read(stranger, begun.turn.name)
        with pytest.raises(NotFound):
            await ports.threads.claim(stranger, begun.turn.name, "heir")


async def test_a_question_is_grounded_in_its_course(ports: Ports, student: Caller) -> None:
    grounding = await ports.knowledge.ground(student, asked(ports))
    assert grounding.course == ports.course
    assert any("energy" in passage.text for passage in grounding.passages)
    with pytest.raises(NotFound) as missing:
        await ports.knowledge.ground(student, replace(asked(ports), course="courses/none"))
    assert missing.value.reason == Reason.COURSE_NOT_FOUND


async def test_an_answer_comes_in_pieces_and_finishes(ports: Ports, student: Caller) -> None:
    question = asked(ports)
    prompt = Prompt(question.text, await ports.knowledge.ground(student, question))
    pieces = [piece async for piece in ports.generation.generate(student, prompt)]
    assert isinstance(pieces[-1], Finish)
    assert "wave carries energy" in "".join(piece.text for piece in pieces if isinstance(piece, Delta))


async def test_an_order_reaches_its_owner(ports: Ports, owner: str) -> None:
    async with aclosing(ports.orders.received(owner)) as orders:
        received = asyncio.ensure_future(anext(orders))
        while not received.done():
            await ports.orders.cancel(owner, "threads/t/turns/u")
            await asyncio.wait({received}, timeout=0.2)
        assert received.result() == "threads/t/turns/u"
