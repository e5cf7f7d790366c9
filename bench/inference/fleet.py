"""Inference processes on one Redis and one MongoDB, each of which can be killed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from lectern.inference.v1 import generation_pb2 as pb

from kit.channel import Peer
from local.probes import grpc_serves
from tests.inference import SECRET, question
from tests.servers import free_port, mongodb_server, redis_server, started

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


@dataclass(frozen=True)
class Process:
    """One running inference, and a channel to it."""

    peer: Peer
    running: subprocess.Popen[bytes]


@asynccontextmanager
async def fleet(count: int, providers: str, **settings: object) -> AsyncIterator[list[Process]]:
    """So many processes; all that was started ends with the block. `settings` by the names of InferenceSettings."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="lectern-inference-")))
        (folder / "mongodb").mkdir()
        env = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
            "REDIS_URL": stack.enter_context(redis_server(folder)),
            "MONGODB_URI": stack.enter_context(mongodb_server(folder / "mongodb")),
            "LECTERN_LOG_LEVEL": "error",
            "LECTERN_SERVICE_SECRET": SECRET,
            "LECTERN_PROVIDERS": providers,
            **{f"LECTERN_{name.upper()}": str(value) for name, value in settings.items()},
        }
        yield list(await asyncio.gather(*(_process(number, folder, env, stack) for number in range(count))))


async def _process(number: int, folder: Path, env: dict[str, str], stack: AsyncExitStack) -> Process:
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "services.inference"]
    running = stack.enter_context(started(command, folder / f"{number}.log", {**env, "LECTERN_LISTEN": address}))
    await until(grpc_serves(address))
    peer = Peer(address, service="gateway", secret=SECRET)
    stack.push_async_callback(peer.close)
    return Process(peer, running)


async def until(probe: Callable[[], Awaitable[None]]) -> None:
    """Returns once the probe does; raises TimeoutError where it never does."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            with suppress(Exception):  # whatever it raises means "not yet"
                return await probe()
            await asyncio.sleep(0.05)


def another_question() -> pb.StreamGenerateRequest:
    """One that nobody has asked before, so that no cache answers it and no call is shared."""
    return question(f"What is a wave? ({uuid4().hex})")
