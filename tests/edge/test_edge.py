"""What the edge lets through, turns into what, and refuses."""

import asyncio
import json
import re

import grpc
import httpx
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc
from lectern.threads.v1 import turns_pb2, turns_pb2_grpc

from tests.edge.conftest import Edge


def reason(answer: httpx.Response) -> str:
    return str(answer.json()["details"][0]["reason"])


def grpc_reason(error: grpc.aio.AioRpcError) -> str:
    status = rpc_status.from_call(error)  # type: ignore[arg-type] # its types know no asyncio
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return str(info.reason)


class TestTranscoding:
    async def test_a_stream_arrives_as_events_while_it_is_made(self, running_edge: Edge) -> None:
        question = {"message": "why?"}
        async with (
            running_edge.client(running_edge.token()) as client,
            client.stream("POST", "/v1/chat:stream", json=question) as response,
        ):
            lines = response.aiter_lines()
            first = json.loads((await anext(lines)).removeprefix("data:"))
            assert not running_edge.chat.go_on.is_set()
            running_edge.chat.go_on.set()
            rest = [json.loads(line.removeprefix("data:")) async for line in lines if line]
        assert first == {"sequence": 1, "delta": {"text": "why?"}}
        assert rest == [{"sequence": 2, "delta": {"text": "end"}}]
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-cache"

    async def test_errors_of_a_service_keep_their_details(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            answer = await client.get("/v1/courses/missing")
        assert answer.status_code == 404
        assert answer.json()["code"] == 5
        assert answer.json()["message"] == "no such course"
        assert reason(answer) == "COURSE_NOT_FOUND"

    async def test_retry_after_reaches_rest_clients(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            answer = await client.post("/v1/chat", json={"message": "why?"})
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "7"
        assert reason(answer) == "RATE_LIMITED"

    async def test_a_transcript_of_20_mb_passes_on_its_route_and_on_no_other(self, running_edge: Edge) -> None:
        transcript, message = "a" * 20_000_000, "a" * 2_200_000
        async with running_edge.client(running_edge.token()) as client:
            taken = await client.post("/v1/courses/c/videos:import", json={"transcript": transcript})
            refused = await client.post("/v1/chat", json={"message": message})
        assert taken.json() == {"contextVersion": "20000000"}
        assert refused.status_code == 413
        assert reason(refused) == "TOO_LARGE"

    async def test_broken_json_and_unknown_parameters_are_named(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            broken = await client.post("/v1/chat", content=b"{", headers={"content-type": "application/json"})
            unknown = await client.get("/v1/courses/c", params={"nonsense": "1"})
        assert (broken.status_code, reason(broken)) == (400, "INVALID_ARGUMENT")
        assert (unknown.status_code, reason(unknown)) == (400, "INVALID_ARGUMENT")
        assert "nonsense" in unknown.json()["message"]


class TestAccess:
    @pytest.mark.parametrize("path", ["/v1/courses/c", "/v1/nothing", "/elsewhere"])
    async def test_no_token_no_entry(self, running_edge: Edge, path: str) -> None:
        async with running_edge.client() as client:
            answer = await client.get(path)
        assert answer.status_code == 401
        assert answer.json()["code"] == 16
        assert answer.json()["details"][0]["domain"] == "lectern"
        assert reason(answer) == "UNAUTHENTICATED"

    async def test_expired_and_forged_tokens_are_told_apart(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token(lifetime_seconds=-60)) as client:
            expired = await client.get("/v1/courses/c")
        async with running_edge.client(running_edge.token() + "x") as client:
            forged = await client.get("/v1/courses/c")
        assert (expired.status_code, reason(expired)) == (401, "TOKEN_EXPIRED")
        assert (forged.status_code, reason(forged)) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize(("lifetime", "expected"), [(-60, "TOKEN_EXPIRED"), (600, "UNAUTHENTICATED")])
    async def test_grpc_clients_get_the_reason_too(self, running_edge: Edge, lifetime: int, expected: str) -> None:
        token = running_edge.token(lifetime) + ("" if lifetime < 0 else "x")
        async with grpc.aio.insecure_channel(running_edge.target) as channel:
            stub = courses_pb2_grpc.CourseServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await stub.GetCourse(courses_pb2.GetCourseRequest(), metadata=running_edge.metadata(token))
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert grpc_reason(raised.value) == expected

    async def test_health_and_pages_are_open(self, running_edge: Edge) -> None:
        async with running_edge.client() as client:
            health = await client.get("/v1/health")
            pages = [await client.get(path) for path in ("/", "/docs", "/openapi.json", "/api/trainer/health")]
        assert health.json() == {"version": "test"}
        assert [page.json()["path"] for page in pages] == ["/", "/docs", "/openapi.json", "/api/trainer/health"]

    async def test_internal_services_cannot_be_reached(self, running_edge: Edge) -> None:
        async with grpc.aio.insecure_channel(running_edge.target) as channel:
            stub = turns_pb2_grpc.TurnServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await stub.BeginTurn(turns_pb2.BeginTurnRequest(), metadata=running_edge.metadata())
        assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert grpc_reason(raised.value) == "UNKNOWN_METHOD"
        assert running_edge.turns.calls == 0

    async def test_unknown_paths_have_the_shape_of_errors(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            answer = await client.get("/v1/nothing")
        assert answer.status_code == 404
        assert answer.json()["code"] == 5
        assert reason(answer) == "UNKNOWN_METHOD"

    async def test_a_claimed_identity_is_taken_from_the_request(self, running_edge: Edge) -> None:
        claims = {"x-lectern-user": "admin", "x-user-id": "admin", "x-forwarded-client-cert": "By=admin"}
        async with running_edge.client(running_edge.token(), **claims) as client:
            await client.get("/v1/courses/c")
            underscored = await client.get("/v1/courses/c", headers={"x_user_id": "admin"})
        assert not claims.keys() & running_edge.reached.last.keys()
        assert underscored.status_code == 400

    @pytest.mark.parametrize("path", ["/v1/courses%2fc", "/v1%2fcourses/c"])
    async def test_escaped_slashes_are_refused(self, running_edge: Edge, path: str) -> None:
        async with running_edge.client(running_edge.token()) as client:
            answer = await client.get(path)
        assert answer.status_code == 400

    async def test_paths_are_normalised_before_they_are_judged(self, running_edge: Edge) -> None:
        async with running_edge.client() as client:
            request = client.build_request("GET", running_edge.base_url)
            request.url = request.url.copy_with(raw_path=b"/docs/../v1/courses/c")
            answer = await client.send(request)
        assert answer.status_code == 401


class TestGrpc:
    async def test_streams_pass_as_they_are(self, running_edge: Edge) -> None:
        running_edge.chat.go_on.set()
        async with grpc.aio.insecure_channel(running_edge.target) as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            request = chat_pb2.StreamTurnRequest(message="why?")
            events = [event async for event in stub.StreamTurn(request, metadata=running_edge.metadata())]
        assert [event.sequence for event in events] == [1, 2]

    async def test_grpc_web_reaches_the_service(self, running_edge: Edge) -> None:
        message = courses_pb2.GetCourseRequest(name="courses/c").SerializeToString()
        frame = b"\x00" + len(message).to_bytes(4, "big") + message
        headers = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
        async with running_edge.client(running_edge.token()) as client:
            path = "/lectern.context.v1.CourseService/GetCourse"
            answer = await client.post(path, content=frame, headers=headers)
        size = int.from_bytes(answer.content[1:5], "big")
        assert courses_pb2.Course.FromString(answer.content[5 : 5 + size]).name == "courses/c"
        assert b"grpc-status:0" in answer.content[5 + size :]


class TestTracing:
    async def test_a_trace_begins_at_the_edge_and_every_answer_has_an_id(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            answer = await client.get("/v1/courses/c")
        version, trace, _, flags = running_edge.reached.last["traceparent"].split("-")
        assert (version, flags, len(trace)) == ("00", "01", 32)
        assert answer.headers["x-request-id"]

    async def test_a_given_trace_goes_on(self, running_edge: Edge) -> None:
        trace = "0af7651916cd43dd8448eb211c80319c"
        given = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        async with running_edge.client(running_edge.token(), **given) as client:
            await client.get("/v1/courses/c")
        assert running_edge.reached.last["traceparent"].split("-")[1] == trace

    async def test_the_edge_reports_its_span_without_the_query(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            await client.get("/api/trainer/chat", params={"message": "my-private-question"})
            answer = await client.get("/v1/courses/c")
        spans = [await asyncio.wait_for(running_edge.collector.spans.get(), 30) for _ in range(2)]
        attributes = [{item.key: item.value.string_value for item in span.attributes} for span in spans]
        assert [values["url.path"] for values in attributes] == ["/api/trainer/chat", "/v1/courses/c"]
        assert attributes[1]["lectern.request_id"] == answer.headers["x-request-id"]
        assert spans[1].trace_id.hex() == running_edge.reached.last["traceparent"].split("-")[1]
        assert "my-private-question" not in str(spans)

    @pytest.mark.parametrize(
        "given", ["exam-42", "9a1f7f0e-0d5e-4b1e-9c53-6c7c1c2a4f10", "req_01J9Z/a.b:c~d+e=f@g", "x" * 128]
    )
    async def test_an_id_of_the_clients_own_comes_back_unchanged(self, running_edge: Edge, given: str) -> None:
        async with running_edge.client(running_edge.token(), **{"x-request-id": given}) as client:
            answer = await client.get("/v1/courses/c")
        assert answer.headers["x-request-id"] == running_edge.reached.last["x-request-id"] == given
        span = await asyncio.wait_for(running_edge.collector.spans.get(), 30)
        assert {item.key: item.value.string_value for item in span.attributes}["lectern.request_id"] == given

    @pytest.mark.parametrize("given", ["x" * 129, "two words", 'a"b', "a,b", "caf\u00e9"])
    async def test_an_id_that_logs_cannot_take_is_replaced(self, running_edge: Edge, given: str) -> None:
        async with running_edge.client(running_edge.token()) as client:
            answer = await client.get("/v1/courses/c", headers={b"x-request-id": given.encode()})
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])
        assert answer.headers["x-request-id"] == running_edge.reached.last["x-request-id"]
        span = await asyncio.wait_for(running_edge.collector.spans.get(), 30)
        found = {item.key: item.value.string_value for item in span.attributes}["lectern.request_id"]
        assert found == answer.headers["x-request-id"]

    async def test_refusals_have_an_id_too(self, running_edge: Edge) -> None:
        async with running_edge.client() as client:
            assert (await client.get("/v1/courses/c")).headers["x-request-id"]

    async def test_the_access_log_is_json_without_queries(self, running_edge: Edge) -> None:
        async with running_edge.client() as client:
            answer = await client.get("/api/trainer/chat", params={"message": "my-private-question"})
        assert answer.status_code == 200
        log = await asyncio.wait_for(logged(running_edge, "/api/trainer/chat"), 15)
        assert (json.loads(log)["method"], json.loads(log)["path"]) == ("GET", "/api/trainer/chat")
        assert "my-private-question" not in running_edge.access_log()


async def logged(edge: Edge, text: str) -> str:
    """The line of the access log with this text, once Envoy has flushed it."""
    while True:
        for line in edge.access_log().splitlines():
            if text in line:
                return line
        await asyncio.sleep(0.1)


class TestGatewayHttp:
    async def test_uploads_pass_unchanged_ahead_of_the_transcoder(self, running_edge: Edge) -> None:
        files = {"files": ("a.pdf", b"%PDF-" + b"0" * 3_000_000)}
        async with running_edge.client(running_edge.token()) as client:
            one = await client.post("/v1/documents", files=files)
            other = await client.post("/v1/courses/c/documents", files=files)
        assert (one.json()["path"], other.json()["path"]) == ("/v1/documents", "/v1/courses/c/documents")
        assert one.json()["received"] > 3_000_000

    async def test_a_transcript_as_a_file_goes_to_the_gateway_and_as_json_to_its_service(
        self, running_edge: Edge
    ) -> None:
        path = "/v1/courses/c/videos:import"
        async with running_edge.client(running_edge.token()) as client:
            file = await client.post(path, files={"file": ("a.srt", b"\xff" * 3_000_000)}, data={"videoUrl": "u"})
            text = await client.post(path, json={"transcript": "words"})
        assert file.status_code == 200, file.text
        assert file.json()["path"] == path
        assert file.json()["received"] > 3_000_000
        assert text.json() == {"contextVersion": "5"}

    async def test_uploads_need_a_token(self, running_edge: Edge) -> None:
        async with running_edge.client() as client:
            assert (await client.post("/v1/documents")).status_code == 401
        assert running_edge.http_seen == []

    async def test_a_polling_client_stays_on_its_instance(self, running_edge: Edge) -> None:
        instances = set()
        async with running_edge.client(**{"user-agent": "poller"}) as client:
            for _ in range(8):
                answer = await client.get("/socket.io/", params={"transport": "polling"})
                instances.add(answer.json()["instance"])
        assert len(instances) == 1

    async def test_websockets_open_on_the_path_of_socket_io_alone(self, running_edge: Edge) -> None:
        upgrade = {
            "connection": "upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        async with running_edge.client(**upgrade) as client:
            async with client.stream("GET", "/socket.io/") as opened:
                assert opened.status_code == 101
            refused = await client.get("/docs")
        assert refused.status_code == 403

    async def test_cors_answers_the_origins_that_are_set(self, running_edge: Edge) -> None:
        ask = {"access-control-request-method": "POST"}
        async with running_edge.client() as client:
            known = await client.options("/v1/chat", headers={**ask, "origin": "https://lectures.example.org"})
            other = await client.options("/v1/chat", headers={**ask, "origin": "https://elsewhere.example.org"})
        assert known.headers["access-control-allow-origin"] == "https://lectures.example.org"
        assert "access-control-allow-origin" not in other.headers


class TestPathsOfThreads:
    async def test_reports_insights_and_users_are_reached_by_their_paths(self, running_edge: Edge) -> None:
        async with running_edge.client(running_edge.token()) as client:
            asked = await client.post("/v1/threads/t/reports", json={"requestId": "r"})
            read = await client.get("/v1/reports/r")
            seen = await client.get("/v1/courses/c/insights?startTime=2026-01-02T00:00:00Z")
            exported = await client.get("/v1/users/auth0%7Cann:export")
            erased = await client.delete("/v1/users/ann")
        assert asked.json()["name"] == "jobs/threads/t/r"
        assert read.json()["name"] == "reports/r"
        assert (seen.json()["course"], seen.json()["updateTime"]) == ("courses/c", "2026-01-02T00:00:00Z")
        assert exported.json()["courses"] == ["users/auth0|ann"]
        assert (erased.status_code, erased.json()) == (200, {})
