"""Whose token the edge lets through, by times, spellings and keys; and users under their providers' names."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import grpc
import httpx
import jwt
import pytest
from lectern.context.v1 import courses_pb2, courses_pb2_grpc

from kit.auth.tokens import CLOCK_SKEW_SECONDS
from local import ports
from local.programs.edge import edge
from local.supervisor import Supervisor
from tests.edge.conftest import SETTINGS, Edge
from tests.edge.test_edge import grpc_reason, reason


def signed(**claims: float) -> str:
    body = {"sub": "student", "iss": "lectern", "aud": "lectern", "exp": time.time() + 600, **claims}
    return jwt.encode(body, SETTINGS.jwt_secret, algorithm="HS256")


class TestTimes:
    @pytest.mark.parametrize("claims", [{"iat": 5}, {"nbf": 5}, {"exp": -1}])
    async def test_clocks_may_differ_a_little(self, running_edge: Edge, claims: dict[str, float]) -> None:
        token = signed(**{name: time.time() + seconds for name, seconds in claims.items()})
        async with running_edge.client(token) as client:
            assert (await client.get("/v1/courses/c")).status_code == 200

    @pytest.mark.parametrize("claims", [{"nbf": CLOCK_SKEW_SECONDS + 60}, {"exp": -CLOCK_SKEW_SECONDS - 2}])
    async def test_but_no_more(self, running_edge: Edge, claims: dict[str, float]) -> None:
        token = signed(**{name: time.time() + seconds for name, seconds in claims.items()})
        async with running_edge.client(token) as client:
            assert (await client.get("/v1/courses/c")).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_schemes_name_has_no_case(running_edge: Edge, scheme: str) -> None:
    async with running_edge.client(authorization=f"{scheme} {signed()}") as client:
        assert (await client.get("/v1/courses/c")).status_code == 200


@pytest.mark.parametrize("header", ["Bearer nonsense", "bearer nonsense", "Basic YTpi", "nonsense", "Bearer", ""])
async def test_what_is_no_token_does_not_pass(running_edge: Edge, header: str) -> None:
    async with running_edge.client(authorization=header) as client:
        assert (await client.get("/v1/courses/c")).status_code == 401


@pytest.mark.parametrize(
    "user", ["auth0|5f7", "auth0/5f7", "CORP\\ann", "ann.lee+x@uni.example.org", "urn:x:y:export", "100%", "ученик"]
)
async def test_users_are_named_as_their_provider_pleases(running_edge: Edge, user: str) -> None:
    path = f"/v1/users/{quote(user, safe='')}"
    async with running_edge.client(running_edge.token()) as client:
        exported, erased = await client.get(f"{path}:export"), await client.delete(path)
    assert exported.json()["courses"] == [f"users/{user}"]
    assert erased.status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/users%2fann:export", "/v1/users/ann%2f..%2f..%2fcourses", "/docs%2fx", "/docs%5cx"]
)
async def test_a_name_with_a_slash_opens_no_other_path(running_edge: Edge, path: str) -> None:
    async with running_edge.client(running_edge.token()) as client:
        answer = await client.get(path)
    assert answer.status_code in {400, 404}
    assert running_edge.http_seen == []


@pytest.fixture
async def keyless_edge(running_edge: Edge, tmp_path: Path) -> AsyncIterator[str]:
    """An edge in front of the same servers, which can't reach the keys that its tokens are checked with."""
    free = ports.free_ports()
    port = next(free)
    environ = running_edge.environ | {"LECTERN_JWT_JWKS_URL": f"http://{ports.HOST}:{next(free)}/keys"}
    supervisor = Supervisor(
        [edge(port, next(free), environ, tmp_path / "keyless", frozenset())], tmp_path / "logs", lambda event: None
    )
    await supervisor.start()
    yield f"{ports.HOST}:{port}"
    await supervisor.stop()


async def test_keys_that_cannot_be_fetched_sign_nobody_out(keyless_edge: str) -> None:
    shown = jwt.encode({"sub": "u", "iss": "lectern", "aud": "lectern", "exp": time.time() + 60}, "s" * 32, "HS256")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{keyless_edge}/v1/courses/c", headers={"authorization": f"Bearer {shown}"})
    assert (answer.status_code, reason(answer)) == (503, "DEPENDENCY_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    async with grpc.aio.insecure_channel(keyless_edge) as channel:
        stub = courses_pb2_grpc.CourseServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.GetCourse(courses_pb2.GetCourseRequest(), metadata=(("authorization", f"Bearer {shown}"),))
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert grpc_reason(raised.value) == "DEPENDENCY_UNAVAILABLE"
