"""Mutual TLS between services: one turn through all of them and the edge, and who is kept out."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kit.channel import Peer
from kit.errors import Unavailable
from kit.process import running
from kit.server import Server
from kit.settings import CommonSettings
from kit.tls import Tls
from local import ports
from local.programs.edge import edge
from local.stack import ignore
from local.supervisor import Supervisor
from tests.certificates import Authority, settings_of
from tests.servers import free_port
from tests.system import CAPTIONS, STUDENT, TEACHER, VIDEO, System, whole_system

SECRET = CommonSettings(local=True).internal_secret


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path)


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[Server]:
    settings = CommonSettings(
        local=True,
        drain_seconds=0.1,
        health_listen=f"127.0.0.1:{free_port()}",
        **settings_of(authority.issue("server")),
    )

    async def build(settings: CommonSettings, stack: object) -> list[object]:
        return []

    async with running("test", settings, build) as server:  # type: ignore[arg-type]
        yield server


async def serving(peer: Peer, timeout: float = 5.0) -> bool:
    stub = peer.stub(health_pb2_grpc.HealthStub)
    request = health_pb2.HealthCheckRequest()
    answer = await peer.call(stub.Check, request, STUDENT, timeout=timeout)  # type: ignore[attr-defined]
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def peer_of(server: Server, tls: Tls | None) -> Peer:
    return Peer(f"127.0.0.1:{server.port}", service="test", secret=SECRET, tls=tls)


async def test_a_peer_of_the_same_authority_is_let_in(server: Server, authority: Authority) -> None:
    peer = peer_of(server, authority.issue("peer"))
    assert await serving(peer)
    await peer.close()


async def test_nobody_else_is(server: Server, tmp_path: Path, authority: Authority) -> None:
    stranger = Authority.create(tmp_path, "stranger").issue("stranger-peer")
    forged = Tls(stranger.certificate, stranger.private_key, tmp_path / "authority.crt")
    for tls in (None, stranger, forged):
        peer = peer_of(server, tls)
        with pytest.raises(Unavailable):
            await serving(peer, timeout=2)
        await peer.close()


async def test_probes_need_no_certificate(server: Server) -> None:
    async with grpc.aio.insecure_channel(server.settings.health_listen) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_renewed_certificate_is_shown_without_a_restart(server: Server, authority: Authority) -> None:
    before = await shown(server, authority)
    authority.issue("server")
    after = await shown(server, authority)
    assert before != after


async def test_a_turn_passes_the_edge_and_all_services_under_mutual_tls(
    redis_url: str, mongodb_uri: str, authority: Authority, tmp_path: Path
) -> None:
    tls = settings_of(authority.issue("service"))
    async with (
        whole_system(redis_url, mongodb_uri, **tls) as system,
        edge_of(system, tls, tmp_path) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client,
    ):
        teacher = {"authorization": f"Bearer {system.token(TEACHER)}"}
        course = f"courses/tls-{tmp_path.name.replace('_', '-')}"[:40].rstrip("-")
        made = await client.post(
            "/v1/courses",
            params={"courseId": course.removeprefix("courses/")},
            json={"title": "Waves"},
            headers=teacher,
        )
        made.raise_for_status()
        captions = {"videoUrl": VIDEO, "format": "VTT", "transcript": CAPTIONS}
        (await client.post(f"/v1/{course}/videos:import", json=captions, headers=teacher)).raise_for_status()
        question = {"course": course, "videoUrl": VIDEO, "message": "What does a wave carry?"}
        student = {"authorization": f"Bearer {system.token(STUDENT)}"}
        answered = await client.post("/v1/chat", json=question, headers=student)
        page = await client.get("/")
    assert answered.json()["answer"] == "A wave carries energy [1]."
    assert page.status_code == 200


@asynccontextmanager
async def edge_of(system: System, tls: dict[str, Any], folder: Path) -> AsyncIterator[str]:
    """The address of a real Envoy in front of the system."""
    free = ports.free_ports()
    port = next(free)
    targets = {f"LECTERN_{name.upper()}_TARGET": f"127.0.0.1:{number}" for name, number in system.ports.items()}
    environ = {
        **targets,
        **{f"LECTERN_{name.upper()}": path for name, path in tls.items()},
        "LECTERN_GATEWAY_HTTP_TARGET": targets["LECTERN_HTTP_TARGET"],
        "LECTERN_JWT_SECRET": system.settings.user_secret,
    }
    supervisor = Supervisor([edge(port, next(free), environ, folder, frozenset())], folder / "logs", ignore)
    await supervisor.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await supervisor.stop()


async def shown(server: Server, authority: Authority) -> bytes:
    """The certificate that the server shows now."""
    tls = authority.issue("looker")
    context = ssl.create_default_context(cafile=str(tls.authority))
    context.load_cert_chain(tls.certificate, tls.private_key)
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return bytes(certificate)
