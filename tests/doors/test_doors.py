"""The public port with a scripted provider behind it: streams, traces, reflection, and what bad requests are told."""

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc

from tests.doors.conftest import Doors

pytestmark = pytest.mark.asyncio(loop_scope="session")
STREAM = "lectern.chat.v1.ChatService", "StreamTurn"


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
