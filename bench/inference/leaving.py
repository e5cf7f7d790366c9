"""A client that leaves in mid-answer: how soon the provider's connection is closed."""

import time

from lectern.inference.v1 import generation_pb2_grpc

from bench.fake_provider.process import Remote, fake_provider
from bench.inference.fleet import Process, another_question, fleet
from bench.load.asked import percentile
from tests.inference import STUDENT, providers_json

CLIENTS = 50


async def run() -> None:
    script = {"words": 50, "stall_after": 3}
    async with fake_provider(script) as remote, fleet(1, providers_json(remote)) as (process,):
        seconds = [await _leave(process, remote) for _ in range(CLIENTS)]
    p50, p99 = (percentile(seconds, part) * 1000 for part in (0.5, 0.99))
    print(f"{CLIENTS} clients that leave after the first token: ", end="")
    print(f"the provider's connection is closed after p50 {p50:.0f} ms, p99 {p99:.0f} ms (read by polling it)")


async def _leave(process: Process, remote: Remote) -> float:
    stub = process.peer.stub(generation_pb2_grpc.GenerationServiceStub)
    stream = process.peer.stream(stub.StreamGenerate, another_question(), STUDENT, timeout=30)
    await anext(stream)
    began = time.monotonic()
    await stream.aclose()
    while (await remote.counts())["open_connections"]:
        pass
    return time.monotonic() - began
