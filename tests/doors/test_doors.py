"""The public port with a scripted provider behind it: streams, traces, reflection, and what bad requests are told."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc

from bench.fake_provider.process import Remote, fake_provider
from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens
from kit.settings import LOCAL_SECRET
from local import ports
from local.background import BackgroundStack
from local.sample_course import import_sample
from local.settings import LocalSettings
from tests.collector import Collector, Told, collector
from tests.e2e.conftest import own_environment

pytestmark = pytest.mark.asyncio(loop_scope="module")
STREAM = "lectern.chat.v1.ChatService", "StreamTurn"


@dataclass(frozen=True)
class Doors:
    """The running system, as a client sees it."""

    background: BackgroundStack
    provider: Remote
    collector: Collector
    course: str
    video: str

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token or self.token('ana')}"}
        return httpx.AsyncClient(base_url=self.background.stack.base_url, headers=headers, timeout=30, trust_env=False)

    def token(self, user: str, org: str = "default", lifetime: float = 600) -> str:
        tokens = UserTokens(secret=LOCAL_SECRET, jwks_url="", issuer="lectern", audience="lectern")
        return tokens.issue(Caller(org, user, frozenset({Role.STUDENT})), lifetime)

    def question(self, **changes: Any) -> dict[str, Any]:
        return {"course": self.course, "videoUrl": self.video, "message": f"What is sound? {time.time_ns()}", **changes}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    data: Path = tmp_path_factory.mktemp("doors")
    async with fake_provider() as provider:
        with collector() as (kept, address):
            environ = own_environment() | {
                "OPENAI_BASE_URL": provider.base_url,
                "OPENAI_API_KEY": "scripted",
                "LECTERN_EMBEDDINGS_BASE_URL": provider.base_url,
                "LECTERN_EMBEDDINGS_MODEL": "scripted",
                "OTEL_EXPORTER_OTLP_ENDPOINT": address,
                "OTEL_BSP_SCHEDULE_DELAY": "200",
            }
            background = BackgroundStack(LocalSettings(data=data, environ=environ, port=next(ports.free_ports())))
            await asyncio.to_thread(background.__enter__)
            try:
                teacher = {"authorization": f"Bearer {background.stack.token('teacher', Role.TEACHER)}"}
                address = background.stack.base_url
                async with httpx.AsyncClient(base_url=address, headers=teacher, timeout=60, trust_env=False) as client:
                    sample = await import_sample(client)
                yield Doors(background, provider, kept, sample.course, sample.video_url)
            finally:
                await asyncio.to_thread(background.__exit__, None, None, None)


async def events_of(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def test_the_first_words_arrive_before_the_last_are_said(doors: Doors) -> None:
    await doors.provider.script(words=40, words_per_second=20)
    sequences, early = [], False
    async with doors.client() as client, client.stream("POST", "/v1/chat:stream", json=doors.question()) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-request-id"]
        async for event in events_of(response):
            sequences.append(event["sequence"])
            if "delta" in event and not early:
                early = (await doors.provider.counts())["open_requests"] > 0
    assert early
    assert sequences == list(range(1, len(sequences) + 1))
    assert "completed" in event
    assert event["completed"]["turn"]["answer"].split()[-1] == "w0040"


async def test_a_stream_is_read_on_after_its_last_event_id(doors: Doors) -> None:
    await doors.provider.script(words=5)
    async with doors.client() as client:
        async with client.stream("POST", "/v1/chat:stream", json=doors.question()) as response:
            events = [event async for event in events_of(response)]
        url = f"/v1/{events[0]['started']['turn']}:stream"
        async with client.stream("GET", url, params={"afterSequence": 2}) as response:
            by_query = [event async for event in events_of(response)]
        async with client.stream("GET", url, headers={"last-event-id": "2"}) as response:
            by_header = [event async for event in events_of(response)]
    assert by_query == by_header == events[2:]


SERVICES = {f"lectern-{name}" for name in ("edge", "gateway", "threads", "context", "inference")}
STORES = {"redis", "mongodb"}


def stores_of(told: Sequence[Told]) -> set[str]:
    return {each.attributes["db.system.name"] for each in told if "db.system.name" in each.attributes}


async def test_one_trace_of_a_turn_is_found_by_its_request_id_and_goes_through_everything(doors: Doors) -> None:
    request = f"exam-{time.time_ns()}"
    await doors.provider.script(words=3)
    await doors.provider.reset()
    async with doors.client() as client:
        answer = await client.post("/v1/chat", json=doors.question(), headers={"x-request-id": request})
    answer.raise_for_status()
    assert answer.headers["x-request-id"] == request
    trace = await asyncio.to_thread(doors.collector.find, "lectern.request_id", request)

    def whole(told: Sequence[Told]) -> bool:
        return {each.service for each in told} >= SERVICES and stores_of(told) >= STORES

    told = await asyncio.to_thread(doors.collector.wait, trace, whole)
    assert whole(told), sorted((each.service, each.name) for each in told)
    [root] = [each for each in told if not each.span.parent_span_id]
    assert (root.service, root.attributes["lectern.request_id"]) == ("lectern-edge", request)
    known = {each.id for each in told}
    assert {each.name for each in told if each is not root and each.span.parent_span_id not in known} == set()
    assert [each.name for each in told if each.name.startswith("chat ")]
    # A job that names the thread may call the model too.
    chats = [r for r in await doors.provider.requests() if r["path"].endswith("/chat/completions")]
    assert trace in {r["traceparent"].split("-")[1] for r in chats}


async def test_a_trace_says_nothing_of_what_students_ask(doors: Doors) -> None:
    trace, secret = f"{time.time_ns():032x}", f"my-private-question-{time.time_ns()}"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await doors.provider.script(words=3)
    async with doors.client() as client:
        (await client.post("/v1/chat", json=doors.question(message=secret), headers=headers)).raise_for_status()
    told = await asyncio.to_thread(doors.collector.wait, trace, lambda told: stores_of(told) >= STORES)
    assert stores_of(told) == STORES
    assert secret not in str([each.span for each in told])


async def test_a_job_goes_on_in_the_trace_of_whoever_submitted_it(doors: Doors) -> None:
    trace = f"{time.time_ns():032x}"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await doors.provider.script(words=3)
    async with doors.client() as client:
        job = (await client.post("/v1/chat:enqueue", json=doors.question(), headers=headers)).json()
    assert job["traceId"] == trace

    def whole(told: Sequence[Told]) -> bool:
        names = {each.name for each in told}
        return "job run_turn" in names and {each.service for each in told} >= {"lectern-gateway-worker", *SERVICES}

    told = await asyncio.to_thread(doors.collector.wait, trace, whole)
    assert whole(told), sorted((each.service, each.name) for each in told)


async def test_a_trace_that_comes_unsampled_is_kept_nowhere(doors: Doors) -> None:
    trace, later = f"{time.time_ns():032x}", f"{time.time_ns() + 1:032x}"
    await doors.provider.script(words=3)
    async with doors.client() as client:
        for each, flag in ((trace, "00"), (later, "01")):
            headers = {"traceparent": f"00-{each}-00f067aa0ba902b7-{flag}"}
            (await client.post("/v1/chat", json=doors.question(), headers=headers)).raise_for_status()
    await asyncio.to_thread(doors.collector.wait, later, lambda told: {each.service for each in told} >= SERVICES)
    assert doors.collector.of(trace) == []


async def test_grpc_needs_no_more_than_reflection(doors: Doors) -> None:
    await doors.provider.script(words=4)
    async with grpc.aio.insecure_channel(doors.background.stack.target) as channel:
        service = await _reflected(channel, STREAM[0])
        method = service.methods_by_name[STREAM[1]]
        request_class = message_factory.GetMessageClass(method.input_type)
        answer_class: Any = message_factory.GetMessageClass(method.output_type)
        request = json_format.ParseDict(doors.question(), request_class())
        call = channel.unary_stream(
            f"/{STREAM[0]}/{STREAM[1]}", request_class.SerializeToString, answer_class.FromString
        )
        metadata = (("authorization", f"Bearer {doors.token('ana')}"),)
        events = [json_format.MessageToDict(e) async for e in call(request, metadata=metadata, timeout=30)]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["completed"]["turn"]["state"] == "COMPLETED"


async def _reflected(channel: grpc.aio.Channel, service: str) -> Any:
    """The service's descriptor, in a pool that knows only what the server told."""
    reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type] # typed for sync alone
    pool, wanted, known = descriptor_pool.DescriptorPool(), [service], {}
    asked = iter([reflection_pb2.ServerReflectionRequest(file_containing_symbol=service)])
    async for reply in reflection.ServerReflectionInfo(asked):
        for raw in reply.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(raw)
            known[file.name] = file
    waiting = list(known.values())
    while waiting:
        file = waiting.pop(0)
        missing = [name for name in file.dependency if name in known]
        if missing:
            waiting.append(file)
            continue
        pool.Add(file)
        del known[file.name]
    return pool.FindServiceByName(wanted[0])


BAD = {
    "an unknown course": ({"course": "courses/none"}, 404, "COURSE_NOT_FOUND"),
    "a course that is no name": ({"course": "none"}, 400, "INVALID_ARGUMENT"),
    "an unknown video": ({"videoUrl": "https://videos.example.org/none.mp4"}, 404, "VIDEO_NOT_FOUND"),
    "an empty message": ({"message": ""}, 400, "MESSAGE_EMPTY"),
    "a message of 1 MB": ({"message": "x" * 1_000_000}, 400, "TOO_LARGE"),
}
CODES = {400: grpc.StatusCode.INVALID_ARGUMENT, 401: grpc.StatusCode.UNAUTHENTICATED, 404: grpc.StatusCode.NOT_FOUND}


@pytest.mark.parametrize("case", BAD)
async def test_bad_questions_are_told_why_over_rest_and_grpc_alike(doors: Doors, case: str) -> None:
    changes, code, reason = BAD[case]
    for path in ("/v1/chat", "/v1/chat:stream"):
        async with doors.client() as client:
            answer = await client.post(path, json=doors.question(**changes))
        assert (answer.status_code, _reason(answer)) == (code, reason), answer.text
    status, grpc_reason = await _asked(doors, doors.token("ana"), doors.question(**changes))
    assert (status, grpc_reason) == (CODES[code], reason)


@pytest.mark.parametrize("kind", ["none", "nonsense", "expired"])
async def test_bad_tokens_are_told_so_over_rest_and_grpc_alike(doors: Doors, kind: str) -> None:
    token = {"none": "", "nonsense": "a.b.c", "expired": doors.token("ana", lifetime=-300)}[kind]
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=doors.background.stack.base_url, trust_env=False) as client:
        answer = await client.post("/v1/chat", json=doors.question(), headers=headers)
    reason = "TOKEN_EXPIRED" if kind == "expired" else "UNAUTHENTICATED"
    assert (answer.status_code, _reason(answer)) == (401, reason)
    assert (await _asked(doors, token, doors.question()))[0] == grpc.StatusCode.UNAUTHENTICATED


async def test_the_thread_of_another_tenant_is_not_there(doors: Doors) -> None:
    await doors.provider.script(words=3)
    async with doors.client() as client:
        turn = (await client.post("/v1/chat", json=doors.question())).json()
    async with doors.client(doors.token("ana", org="elsewhere")) as stranger:
        for path in (turn["thread"], f"{turn['thread']}/messages", turn["name"], f"{turn['name']}:stream"):
            answer = await stranger.get(f"/v1/{path}")
            assert answer.status_code == 404, path
            assert _reason(answer) in {"THREAD_NOT_FOUND", "TURN_NOT_FOUND"}


async def test_internal_calls_are_not_served_to_clients(doors: Doors) -> None:
    async with grpc.aio.insecure_channel(doors.background.stack.target) as channel:
        call: Any = channel.unary_unary("/lectern.threads.v1.TurnService/BeginTurn")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(b"", metadata=(("authorization", f"Bearer {doors.token('ana')}"),), timeout=10)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def _asked(doors: Doors, token: str, question: dict[str, Any]) -> tuple[grpc.StatusCode, str]:
    """The status of the question over gRPC, and its reason."""
    request = json_format.ParseDict(question, chat_pb2.CreateTurnRequest())
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    async with grpc.aio.insecure_channel(doors.background.stack.target) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await chat_pb2_grpc.ChatServiceStub(channel).CreateTurn(request, metadata=metadata, timeout=30)
    info, raw = error_details_pb2.ErrorInfo(), dict(refused.value.trailing_metadata() or ())
    status = status_pb2.Status.FromString(raw.get("grpc-status-details-bin", b""))
    found = [detail for detail in status.details if detail.Unpack(info)]
    return refused.value.code(), info.reason if found else ""


def _reason(answer: httpx.Response) -> str:
    details = answer.json()["details"]
    return str(next(detail["reason"] for detail in details if "reason" in detail))


async def test_a_pages_session_reaches_every_service_through_the_edge(doors: Doors) -> None:
    base_url = doors.background.stack.base_url
    async with httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False) as browser:
        csrf = (await browser.post("/session", json={"token": doors.token("ana")})).json()["csrfToken"]
        own = {"x-csrf-token": csrf}
        for path in ("/v1/threads", "/v1/courses", "/openai/v1/models", "/v1/jobs/none"):
            found = await browser.get(path, headers=own)
            assert found.status_code in (200, 404), found.text
            assert (await browser.get(path)).status_code == 401
        asked = await browser.post("/v1/chat", json=doors.question(), headers=own)
        assert asked.json()["citations"], asked.text
        assert (await browser.delete("/session")).status_code == 204
        assert (await browser.get("/v1/threads", headers=own)).status_code == 401
