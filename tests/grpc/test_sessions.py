"""Pages sign in by a cookie: what it opens, and what it does not open without the CSRF token."""

import uuid
from collections.abc import AsyncIterator

import grpc
import httpx
import pytest
import pytest_asyncio
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller, Role
from kit.auth.sessions import COOKIE, csrf_token
from tests.system import STUDENT, TEACHER, System, whole_system

ADMIN = Caller("school", "root", frozenset({Role.ADMIN}))
MODELS = "/openai/v1/models"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    common = {"demo_user": "guest", "queue_page": True, "jobs_database": f"jobs_{uuid.uuid4().hex[:8]}"}
    async with whole_system(redis_url, mongodb_uri, **common) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def browser(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, as browsers do."""
    url = f"http://127.0.0.1:{system.ports['http']}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
        yield client


async def test_a_session_begins_is_told_and_ends(system: System, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/session")).json() == {}
    token = system.token(TEACHER)
    begun = await browser.post("/session", json={"token": token})
    told = {"user": "tess", "tenant": "school", "roles": ["teacher"], "csrfToken": csrf_token(token)}
    assert begun.json().items() >= told.items()
    cookie = begun.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert (await browser.get("/session")).json() == begun.json()
    assert (await browser.delete("/session")).status_code == 204
    assert (await browser.get("/session")).json() == {}


async def test_over_tls_the_cookie_stays_there(system: System, browser: httpx.AsyncClient) -> None:
    headers = {"x-forwarded-proto": "https"}
    begun = await browser.post("/session", json={"token": system.token(STUDENT)}, headers=headers)
    assert "secure" in begun.headers["set-cookie"].lower()


async def test_the_api_wants_the_csrf_token_besides(system: System, browser: httpx.AsyncClient) -> None:
    csrf = (await browser.post("/session", json={"token": system.token(STUDENT)})).json()["csrfToken"]
    assert (await browser.get(MODELS, headers={"x-csrf-token": csrf})).status_code == 200
    for wrong in ("", "0" * 64, csrf[:-1]):
        refused = await browser.get(MODELS, headers={"x-csrf-token": wrong})
        assert refused.status_code == 401
        assert "x-csrf-token" in refused.text


async def test_rpcs_take_the_session_too(system: System) -> None:
    token = system.token(Caller("school", uuid.uuid4().hex))
    cookie = ("cookie", f"theme=dark; {COOKIE}={token}")
    async with system.channel("threads") as channel:
        stub = threads_pb2_grpc.ThreadServiceStub(channel)
        whole = (cookie, ("x-csrf-token", csrf_token(token)))
        assert not (await stub.ListThreads(threads_pb2.ListThreadsRequest(), metadata=whole)).threads
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ListThreads(threads_pb2.ListThreadsRequest(), metadata=(cookie,))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_guest_comes_without_a_token(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/session", json={})).json()["roles"] == ["student"]
    operator = (await browser.post("/session", json={"role": "admin"})).json()
    assert (operator["user"], operator["roles"]) == ("guest", ["admin", "student"])


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ('{"token": "no"}', "application/json", 401),
        ('{"token": "%s"}' % ("x" * 4000), "application/json", 400),
        ("{", "application/json", 400),
        ('{"role": "owner"}', "application/json", 400),
        ("token=x", "application/x-www-form-urlencoded", 400),
        ("{}", "text/plain", 400),
    ],
)
async def test_what_begins_no_session(browser: httpx.AsyncClient, body: str, kind: str, status: int) -> None:
    refused = await browser.post("/session", content=body, headers={"content-type": kind})
    assert refused.status_code == status
    assert "set-cookie" not in refused.headers
    assert refused.json()["details"][0]["reason"] in ("UNAUTHENTICATED", "INVALID_ARGUMENT")


async def test_a_stale_cookie_is_nobody(browser: httpx.AsyncClient) -> None:
    browser.cookies.set(COOKIE, "stale")
    assert (await browser.get("/session")).json() == {}


async def test_the_queue_page_opens_by_the_session_of_an_admin(system: System, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/admin/queues")).status_code == 401
    await browser.post("/session", json={"token": system.token(STUDENT)})
    assert (await browser.get("/admin/queues")).status_code == 403
    await browser.post("/session", json={"token": system.token(ADMIN)})
    assert (await browser.get("/admin/queues")).status_code == 200
    pause = "/admin/queues/documents/pause"
    assert (await browser.post(pause)).status_code == 403
    own = {"origin": str(browser.base_url).rstrip("/")}
    assert (await browser.post(pause, headers=own)).status_code == 303
    assert (await browser.post("/admin/queues/documents/resume", headers=own)).status_code == 303
