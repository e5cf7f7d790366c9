"""Portkey's gateway: a process of Node that is told by each request where the provider is."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.peers.install import node_modules
from bench.peers.server import Peer, running
from local.ports import HOST, free_ports


@asynccontextmanager
async def portkey(provider_url: str, folder: Path) -> AsyncIterator[Peer]:
    """The gateway before the provider; RuntimeError where Node.js is missing."""
    home, port = node_modules(), next(free_ports())
    script = home / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    command = [node(), "--import", str(home / "loopback.js"), str(script), "--headless", f"--port={port}"]
    environ = {**os.environ, "NODE_ENV": "production"}
    async with running(command, folder / "portkey.log", environ, f"http://{HOST}:{port}/") as process:
        headers = {
            "authorization": "Bearer bench",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": provider_url,
        }
        yield Peer("Portkey", f"http://{HOST}:{port}/v1", process.pid, headers)


def node() -> str:
    """Node's program; RuntimeError where there is none."""
    found = shutil.which("node")
    if found is None:
        raise RuntimeError("Node.js is not on this machine")
    return found
