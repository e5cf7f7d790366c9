"""Limits of queues by REST: a real Envoy transcodes, a real server keeps them in MongoDB."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.auth.caller import Caller, Role
from kit.jobs.settings import JobsSettings
from kit.process import running
from kit.server import Mount
from local import ports, tokens
from local.programs.edge import edge
from local.supervisor import Supervisor
from services.gateway.jobs.app import jobs_face
from services.gateway.openapi.contract import read_contract
from tests.edge.conftest import SETTINGS

REPORTS = "/v1/queues/reports"


@pytest.fixture
async def base_url(redis_url: str, mongodb_uri: str, tmp_path: Path) -> AsyncIterator[str]:
    settings = JobsSettings(
        redis_url=redis_url,
        mongodb_uri=mongodb_uri,
        jobs_database=f"jobs_{uuid.uuid4().hex[:8]}",
        drain_seconds=0.1,
        jwt_secret=SETTINGS.jwt_secret,
        service_secret="s",
    )

    async def build(made: JobsSettings, stack: AsyncExitStack) -> Sequence[Mount]:
        return jobs_face(made, stack, heartbeat=10).mounts(alive_within=10)

    free = ports.free_ports()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running("gateway", settings, build))
        nobody = f"127.0.0.1:{next(free)}"
        environ: dict[str, Any] = {f"LECTERN_{name}_TARGET": nobody for name in ("GATEWAY_HTTP", "THREADS", "CONTEXT")}
        environ |= {"LECTERN_INFERENCE_TARGET": nobody, "LECTERN_GATEWAY_TARGET": f"127.0.0.1:{server.port}"}
        environ |= {"LECTERN_JWT_SECRET": SETTINGS.jwt_secret}
        port = next(free)
        supervisor = Supervisor([edge(port, next(free), environ, tmp_path, frozenset())], tmp_path, lambda event: None)
        await supervisor.start()
        stack.push_async_callback(supervisor.stop)
        yield f"http://127.0.0.1:{port}"


def client(base_url: str, *roles: Role) -> httpx.AsyncClient:
    token = tokens.mint(SETTINGS, Caller("default", "olga", frozenset(roles)), 600)
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=base_url, headers=headers, trust_env=False, timeout=20)


async def test_limits_are_patched_read_and_listed(base_url: str) -> None:
    async with client(base_url, Role.ADMIN) as admin:
        before = (await admin.get(REPORTS)).json()
        assert (before["concurrency"], before["rate"]) == (5, {"count": 10, "period": "60s"})
        wanted = {"concurrency": 20, "rate": {"count": 60, "period": "30s"}, "etag": before["etag"]}
        changed = await admin.patch(REPORTS, json=wanted)
        assert changed.status_code == 200, changed.text
        assert changed.json()["rate"] == wanted["rate"]
        late = await admin.patch(REPORTS, json=wanted)
        assert (late.status_code, late.json()["details"][0]["reason"]) == (409, "ETAG_MISMATCH")
        masked = await admin.patch(
            REPORTS, params={"updateMask": "rate"}, json={"concurrency": 1, "rate": {"count": 0}}
        )
        assert masked.json()["concurrency"] == 20
        assert not masked.json().get("rate"), "a count of 0 is without a limit"
        back = await admin.patch(REPORTS, params={"updateMask": "concurrency,rate"}, json={})
        assert (back.json()["concurrency"], back.json()["rate"]) == (5, before["rate"])
        [*_, first] = (await admin.get(f"{REPORTS}/changes")).json()["changes"]
        assert (first["user"], first["before"]["limits"]["concurrency"]) == ("olga", 5)
        assert first["after"]["limits"] == {"concurrency": 20, "rate": wanted["rate"]}


async def test_what_cannot_be_is_refused_with_the_fields_name(base_url: str) -> None:
    async with client(base_url, Role.ADMIN) as admin, client(base_url, Role.TEACHER) as teacher:
        refused = await admin.patch(REPORTS, json={"concurrency": 10_001})
        assert refused.status_code == 400
        assert "queue.concurrency" in refused.text
        assert "1 to 10,000" in refused.text
        assert (await admin.patch("/v1/queues/none", json={"concurrency": 1})).status_code == 404
        assert (await teacher.patch(REPORTS, json={"concurrency": 1})).status_code == 403


def test_the_calls_are_described() -> None:
    methods = {method.name for method in read_contract().services["lectern.jobs.v1.QueueService"].method}
    assert {"GetQueue", "UpdateQueue", "ListQueueChanges"} <= methods
