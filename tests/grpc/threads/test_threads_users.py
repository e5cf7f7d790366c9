"""Everything of a user, in every service: handed over page by page, and erased."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import pytest
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc
from lectern.threads.v1 import (
    records_pb2,
    records_pb2_grpc,
    reports_pb2,
    reports_pb2_grpc,
    users_pb2,
    users_pb2_grpc,
)

from kit.auth.caller import Caller, Role
from kit.channel import Peer
from services.threads.adapters.neighbours import GrpcMemberships, GrpcSpending, MemoryMemberships, MemorySpending
from services.threads.ports import Memberships, Spending, Spent
from tests.system import TEACHER, VIDEO, System, make_course, whole_system

ANN, BEN = Caller("school", "ann|1"), Caller("school", "ben")
CAT, NOBODY = Caller("school", "cat"), Caller("school", "nobody")
ADMIN = Caller("school", "eve", frozenset({Role.ADMIN}))
PARTS = ("threads", "turns", "reports", "records", "jobs", "courses", "usage")


@dataclass(frozen=True)
class Office:
    """Where users' data is asked for."""

    system: System
    stub: users_pb2_grpc.UserServiceStub

    async def page(self, user: str, caller: Caller, size: int = 0, token: str = "") -> users_pb2.ExportUserResponse:
        request = users_pb2.ExportUserRequest(name=f"users/{user}", page_size=size, page_token=token)
        return await self.stub.ExportUser(request, metadata=self.system.metadata(caller))

    async def export(self, user: str, caller: Caller, size: int = 0) -> dict[str, list[str]]:
        """Everything on all pages, as text."""
        found: dict[str, list[str]] = {part: [] for part in PARTS}
        token = ""
        while True:
            page = await self.page(user, caller, size, token)
            assert not size or len(page.threads) + len(page.turns) <= size + 1
            for part in PARTS:
                # How much of each usage there is grows while the last embeddings are paid for.
                found[part] += [str(one.purpose if part == "usage" else one) for one in getattr(page, part)]
            token = page.next_page_token
            if not token:
                return {**found, "usage": sorted(set(found["usage"]))}

    async def delete(self, user: str, caller: Caller) -> None:
        request = users_pb2.DeleteUserRequest(name=f"users/{user}")
        await self.stub.DeleteUser(request, metadata=self.system.metadata(caller))

    async def ask(self, course: str, caller: Caller, message: str) -> str:
        """The thread of the question."""
        async with self.system.channel("gateway") as channel:
            request = chat_pb2.CreateTurnRequest(course=course, video_url=VIDEO, message=message)
            chat = chat_pb2_grpc.ChatServiceStub(channel)
            return str((await chat.CreateTurn(request, metadata=self.system.metadata(caller))).thread)

    async def settle_in(self, caller: Caller) -> None:
        """Three turns in two courses, a membership, a record and a report that waits for a worker."""
        courses = [await make_course(self.system), await make_course(self.system)]
        for course, message in ((courses[0], "One?"), (courses[0], "Two?"), (courses[1], "Three?")):
            thread = await self.ask(course, caller, message)
        async with self.system.channel("context") as channel:
            member = courses_pb2.AddMemberRequest(parent=courses[0], user=caller.user)
            stub = courses_pb2_grpc.CourseServiceStub(channel)
            await stub.AddMember(member, metadata=self.system.metadata(TEACHER))
        async with self.system.channel("threads") as channel:
            request = reports_pb2.CreateReportRequest(parent=thread)
            reports = reports_pb2_grpc.ReportServiceStub(channel)
            await reports.CreateReport(request, metadata=self.system.metadata(caller))
        await self.keep(caller)

    async def keep(self, caller: Caller) -> None:
        """A record, as the gateway keeps one for a client of the OpenAI-compatible endpoints."""
        port, secret = self.system.ports["threads"], self.system.settings.internal_secret
        peer = Peer(f"127.0.0.1:{port}", service="gateway", secret=secret)
        record = records_pb2.Record(id=f"conv_{uuid.uuid4().hex}", body="{}")
        stub = peer.stub(records_pb2_grpc.RecordServiceStub)
        await peer.call(stub.KeepRecord, records_pb2.KeepRecordRequest(record=record), caller)
        await peer.close()


@pytest.fixture
async def office(redis_url: str, mongodb_uri: str) -> AsyncIterator[Office]:
    mine = uuid.uuid4().hex[:8]
    databases = {f"{name}_database": f"{name}_{mine}" for name in ("jobs", "threads", "inference")}
    async with (
        whole_system(redis_url, mongodb_uri, **databases) as system,
        system.channel("threads") as channel,
    ):
        yield Office(system, users_pb2_grpc.UserServiceStub(channel))


async def test_a_user_takes_everything_along_and_leaves_nothing(office: Office) -> None:
    await asyncio.gather(office.settle_in(ANN), office.settle_in(BEN))
    whole = await office.export(ANN.user, ANN)
    counts = {part: len(found) for part, found in whole.items()}
    # Two titles, counting in two courses, one report.
    assert counts.pop("usage") >= 1
    assert counts == {"threads": 2, "turns": 3, "reports": 0, "records": 1, "jobs": 5, "courses": 1}
    assert await office.export(ANN.user, ADMIN, size=1) == whole
    assert "ben" not in str(whole)

    before = await office.export(BEN.user, BEN)
    await office.delete(ANN.user, ANN)
    await office.delete(ANN.user, ADMIN)
    assert await office.export(ANN.user, ADMIN) == {part: [] for part in PARTS}
    assert await office.export(BEN.user, BEN) == before


async def test_others_data_is_not_found(office: Office) -> None:
    for caller in (BEN, TEACHER):
        for act in (office.page, office.delete):
            with pytest.raises(grpc.aio.AioRpcError) as hidden:
                await act(ANN.user, caller)
            assert hidden.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await office.page("", ANN)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_neighbours_in_memory_and_over_grpc_agree(office: Office) -> None:
    await office.settle_in(CAT)
    secret = office.system.settings.internal_secret
    context, inference = (
        Peer(f"127.0.0.1:{office.system.ports[name]}", service="threads", secret=secret)
        for name in ("context", "inference")
    )
    spent = Spent("courses/waves", "fake", "fake", "chat", 1, 10, 5, 0.0)
    pairs: list[tuple[Memberships, Spending]] = [
        (GrpcMemberships(context), GrpcSpending(inference)),
        (MemoryMemberships({CAT.user: ["waves"]}), MemorySpending({CAT.user: [spent]})),
    ]
    for memberships, spending in pairs:
        assert len(await memberships.courses(CAT)) == 1
        assert {line.provider for line in await spending.spent(CAT)} == {"fake"}
        assert not await memberships.courses(NOBODY)
        assert not await spending.spent(NOBODY)
        for _ in range(2):
            await memberships.erase(CAT)
            await spending.erase(CAT)
        assert not await memberships.courses(CAT)
        assert not await spending.spent(CAT)
    await context.close()
    await inference.close()
