"""Node's socket.io with its Redis adapter, one instance, whose one room hears what anybody says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from bench.peers.install import node_modules
from bench.peers.portkey import node
from local.child import tethered
from local.ports import HOST
from tests.servers import free_port, redis_server


@asynccontextmanager
async def node_sockets(folder: Path) -> AsyncIterator[str]:
    """The base URL of the instance, which has a Redis of its own; RuntimeError where Node.js is missing."""
    program, home = node(), node_modules()
    with redis_server(folder) as redis:
        port = free_port()
        told = orjson.dumps({"redis": redis, "port": port}).decode()
        command = tethered([program, str(home / "fanout_server.js"), told])
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            assert process.stdout is not None
            await process.stdout.readline()
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()
            await process.wait()
