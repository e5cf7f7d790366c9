"""An edge that leaves its pod, by the commands that the chart gives: what is under way on it ends whole."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc

from deploy.charts import assemble, rendered
from deploy.envoy.config import EdgeConfig
from deploy.envoy.render import write
from local import binaries
from local.child import tethered
from local.ports import HOST
from tests.edge.conftest import Edge
from tests.servers import free_port

LEAVE = 2


@dataclass
class Pod:
    """One edge: Envoy, and the container that drains it."""

    port: int
    drain_port: int
    envoy: asyncio.subprocess.Process
    drain: asyncio.subprocess.Process

    async def ready(self) -> bool:
        """As its readiness probe says."""
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"http://{HOST}:{self.port}/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def takes_connections(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def drained(self) -> int:
        """As the pre-stop hook of Envoy asks."""
        async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
            return (await client.get(f"http://{HOST}:{self.drain_port}/drained")).status_code

    async def terminate(self) -> None:
        """What the kubelet does: each container has its hook, then its signal."""

        async def end_envoy() -> None:
            assert await self.drained() == 200
            self.envoy.terminate()
            await self.envoy.wait()

        envoy = asyncio.create_task(end_envoy())
        await asyncio.sleep(0)
        self.drain.send_signal(signal.SIGTERM)
        await asyncio.gather(envoy, self.drain.wait())


def charted(folder: Path, values: dict[str, int]) -> Any:
    """The pod's specification; the folder is made and keeps the charts."""
    documents = rendered(assemble(folder / "charts") / "edge", {"edge": values})
    [deployment] = [each for each in documents if each["kind"] == "Deployment"]
    return deployment["spec"]["template"]["spec"]


@asynccontextmanager
async def pod(edge: Edge, folder: Path, drain_seconds: int = 60) -> AsyncIterator[Pod]:
    """In front of the same servers as the edge of the fixture."""
    spec = charted(folder, {"leaveSeconds": LEAVE, "drainSeconds": drain_seconds})
    containers = {each["name"]: each for each in spec["containers"]}
    assert containers["envoy"]["lifecycle"]["preStop"]["httpGet"] == {"path": "/drained", "port": 8087}
    assert spec["terminationGracePeriodSeconds"] > drain_seconds
    port, admin, drain_port = free_port(), free_port(), free_port()
    listen = {"LECTERN_EDGE_LISTEN": f"{HOST}:{port}", "LECTERN_EDGE_ADMIN_LISTEN": f"{HOST}:{admin}"}
    files = {"LECTERN_EDGE_DESCRIPTORS": str(folder / "descriptors.binpb")}
    write(EdgeConfig.from_environment({**edge.environ, **listen, **files}), folder / "envoy.yaml")
    arguments = [*containers["envoy"]["args"], "--disable-hot-restart", "--concurrency", "1", "--log-level", "warn"]
    arguments[arguments.index("/etc/envoy/envoy.yaml")] = str(folder / "envoy.yaml")
    own = {
        **{each["name"]: each["value"] for each in containers["drain"]["env"]},
        "LECTERN_EDGE_ADMIN_LISTEN": f"{HOST}:{admin}",
        "LECTERN_EDGE_DRAIN_LISTEN": f"{HOST}:{drain_port}",
    }
    _, *command = containers["drain"]["command"]
    with (folder / "log").open("wb") as log:
        output: dict[str, Any] = {"stdout": log, "stderr": log}
        envoy = await asyncio.create_subprocess_exec(*tethered([str(binaries.envoy()), *arguments]), **output)
        drain = await asyncio.create_subprocess_exec(
            *tethered([sys.executable, *command]), env=dict(os.environ) | own, **output
        )
        one = Pod(port, drain_port, envoy, drain)
        try:
            async with asyncio.timeout(30):
                while not await one.ready() or not await _answers(drain_port):
                    assert envoy.returncode is drain.returncode is None, (folder / "log").read_text()
                    await asyncio.sleep(0.05)
            yield one
        finally:
            for process in (drain, envoy):
                if process.returncode is None:
                    process.kill()
                    await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_stream_outlives_a_rolling_update_and_no_call_is_lost(running_edge: Edge, tmp_path: Path) -> None:
    async with pod(running_edge, tmp_path / "old") as old, pod(running_edge, tmp_path / "new") as new:
        lost, over = [], asyncio.Event()
        answered = {old.port: asyncio.Event(), new.port: asyncio.Event()}

        async def ask() -> None:
            """As clients of a Service do: a new connection, to an instance that is ready."""
            headers = {"authorization": f"Bearer {running_edge.token()}"}
            while not over.is_set():
                port = old.port if await old.ready() else new.port
                async with httpx.AsyncClient(trust_env=False, headers=headers, timeout=20) as client:
                    answer = await client.get(f"http://{HOST}:{port}/v1/threads/t")
                answered[port].set()
                if answer.status_code != 200:
                    lost.append(answer)

        async with grpc.aio.insecure_channel(f"{HOST}:{old.port}") as channel, asyncio.timeout(60):
            request = chat_pb2.StreamTurnRequest(message="a long one")
            stream: Any = chat_pb2_grpc.ChatServiceStub(channel).StreamTurn(request, metadata=running_edge.metadata())
            first = await stream.read()
            asking = asyncio.create_task(ask())
            await answered[old.port].wait()
            leaving = asyncio.create_task(old.terminate())
            while await old.takes_connections():
                pass
            assert not leaving.done(), "its stream is still under way"
            running_edge.chat.go_on.set()
            second = await stream.read()
            assert await stream.read() is grpc.aio.EOF
            assert await stream.code() is grpc.StatusCode.OK
            await leaving
            await answered[new.port].wait()
            over.set()
            await asking
        assert (first.delta.text, second.delta.text) == ("a long one", "end")
        assert not lost
        assert old.envoy.returncode == 0
        assert old.drain.returncode == 0


async def test_an_edge_without_streams_leaves_when_balancers_know(running_edge: Edge, tmp_path: Path) -> None:
    async with pod(running_edge, tmp_path / "pod") as old:
        begun = asyncio.get_running_loop().time()
        async with asyncio.timeout(30):
            await old.terminate()
        assert asyncio.get_running_loop().time() - begun >= LEAVE
        assert old.envoy.returncode == 0


async def test_a_stream_that_never_ends_keeps_an_edge_until_the_limit(running_edge: Edge, tmp_path: Path) -> None:
    async with (
        pod(running_edge, tmp_path / "pod", drain_seconds=LEAVE + 1) as old,
        grpc.aio.insecure_channel(f"{HOST}:{old.port}") as channel,
    ):
        request = chat_pb2.StreamTurnRequest(message="for ever")
        stream = chat_pb2_grpc.ChatServiceStub(channel).StreamTurn(request, metadata=running_edge.metadata())
        await stream.read()
        async with asyncio.timeout(30):
            await old.terminate()
        assert "streams are left at the limit" in (tmp_path / "pod" / "log").read_text()
        running_edge.chat.go_on.set()


async def test_who_only_asks_begins_no_drain(running_edge: Edge, tmp_path: Path) -> None:
    async with pod(running_edge, tmp_path / "pod") as one:
        asking = asyncio.create_task(one.drained())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asking, 1)
        assert await one.ready()
