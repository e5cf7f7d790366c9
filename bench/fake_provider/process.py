"""A fake provider in a process of its own, and what steers and questions it from outside."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import orjson


class Remote:
    """The control side of a running fake provider."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, pid: int) -> None:
        """`base_url` is what a client of the OpenAI API is given."""
        self.base_url = base_url
        self.pid = pid
        self._control = base_url.removesuffix("/v1") + "/control"
        self._client = client

    async def script(self, rules: list[dict[str, Any]] | None = None, **default: Any) -> None:
        """Sets the default script and the rules in force, and forgets the earlier ones."""
        body = {"default": default, "rules": rules or []}
        (await self._client.put(f"{self._control}/script", json=body)).raise_for_status()

    async def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = (await self._client.get(f"{self._control}/counts")).json()
        counts["open_connections"] -= 1  # the one that asks
        return counts

    async def requests(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = (await self._client.get(f"{self._control}/requests")).json()
        return requests

    async def reset(self) -> None:
        (await self._client.post(f"{self._control}/reset")).raise_for_status()


@contextlib.asynccontextmanager
async def fake_provider(script: Mapping[str, Any] | None = None, port: int = 0) -> AsyncIterator[Remote]:
    """Runs a fake provider until the block ends; `script` is the default one."""
    body = orjson.dumps({"default": script or {}}).decode()
    arguments = ("-m", "bench.fake_provider", "--port", str(port), "--script", body)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        base_url = (await process.stdout.readline()).decode().strip()
        async with httpx.AsyncClient(timeout=10) as client:
            yield Remote(base_url, client, process.pid)
    finally:
        process.terminate()
        await process.wait()
