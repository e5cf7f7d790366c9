"""Instances that come back under another address, as pods do, by a name that a resolver is asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import dns.message
import dns.rdatatype
import dns.rrset
import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import Unavailable
from tests.servers import free_port

ANA = Caller("school", "ana")
NAME = "inference.test"
# The default of gRPC is to ask a resolver once in thirty seconds.
SECONDS = 25.0


class NameServer(asyncio.DatagramProtocol):
    """Knows one name, which has one address or none."""

    def __init__(self) -> None:
        self.address = ""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        [asked] = query.question
        if self.address and asked.name.to_text() == f"{NAME}." and asked.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(asked.name, 0, "IN", "A", self.address))
        self._transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def names() -> AsyncIterator[tuple[NameServer, int]]:
    loop, port = asyncio.get_running_loop(), free_port()
    transport, server = await loop.create_datagram_endpoint(NameServer, ("127.0.0.1", port))
    yield server, port
    transport.close()


@asynccontextmanager
async def instance(address: str, port: int) -> AsyncIterator[None]:
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    assert server.add_insecure_port(f"{address}:{port}") == port
    await server.start()
    yield
    await server.stop(0)


async def test_it_is_found_at_its_new_address_at_once(names: tuple[NameServer, int]) -> None:
    server, name_port = names
    port = free_port()
    peer = Peer(f"dns://127.0.0.1:{name_port}/{NAME}:{port}", service="gateway", secret="s" * 32)
    stub: Any = peer.stub(health_pb2_grpc.HealthStub)

    async def answers() -> bool:
        try:
            await peer.call(stub.Check, health_pb2.HealthCheckRequest(), ANA)
        except Unavailable:
            return False
        return True

    for address in ("127.0.0.2", "127.0.0.3"):
        server.address = address
        async with instance(address, port), asyncio.timeout(SECONDS):
            while not await answers():  # noqa: ASYNC110 - the condition is a resolver's doing
                await asyncio.sleep(0.1)
    await peer.close()
