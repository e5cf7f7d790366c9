"""Calls that go past the router are answered as those that go through it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from kit.auth.caller import Caller
from kit.auth.tokens import UserTokens
from services.gateway.http.app import http_app
from services.gateway.http.door import Door
from services.gateway.http.playground import Playground
from services.gateway.http.statuses import status_response
from services.gateway.openai.errors import error_response

TOKENS = UserTokens(secret="s" * 32, jwks_url="", issuer="lectern", audience="lectern")


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    door, older = Door(TOKENS, error_response), Door(TOKENS, status_response)

    def says(what: str) -> object:
        async def endpoint(request: Request, caller: Caller) -> Response:
            if what == "fault":
                raise RuntimeError("secret")
            return JSONResponse([what, caller.user, request.path_params])

        return endpoint

    routes = [
        Route("/plain", older(says("first")), methods=["GET"]),  # type: ignore[arg-type]
        Route("/plain", older(says("second")), methods=["GET", "POST"]),  # type: ignore[arg-type]
        Mount(
            "/below",
            routes=[
                Route("/{name}", door(says("named")), methods=["DELETE"]),  # type: ignore[arg-type]
                Route("/exact", door(says("exact")), methods=["POST"]),  # type: ignore[arg-type]
                Route("/fault", door(says("fault")), methods=["POST"]),  # type: ignore[arg-type]
            ],
        ),
    ]
    app = http_app(Path(__file__).parent, Playground("", ""), routes)
    headers = {"authorization": f"Bearer {TOKENS.issue(Caller('school', 'ana'), 600)}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://gateway", headers=headers
    ) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/plain", ["first", "ana", {}]),
        ("POST", "/plain", ["second", "ana", {}]),
        ("POST", "/below/exact", ["exact", "ana", {}]),
        ("DELETE", "/below/some", ["named", "ana", {"name": "some"}]),
        ("DELETE", "/below/exact", ["named", "ana", {"name": "exact"}]),
    ],
)
async def test_the_same_endpoint_answers_as_by_the_router(
    client: httpx.AsyncClient, method: str, path: str, said: list[object]
) -> None:
    answer = await client.request(method, path)
    assert answer.json() == said
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in answer.headers


async def test_what_goes_wrong_there_is_told_in_the_shape_of_the_path(client: httpx.AsyncClient) -> None:
    broken = await client.post("/below/fault")
    assert (broken.status_code, "secret" in broken.text) == (500, False)
    assert broken.json()["error"]["type"] == "server_error"
    nobody = await client.post("/below/exact", headers={"authorization": "Bearer no"})
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "invalid_api_key")
    assert (await client.put("/below/exact")).status_code == 405
    assert (await client.get("/none")).status_code == 404
