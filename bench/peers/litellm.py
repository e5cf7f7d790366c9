"""LiteLLM's proxy, as its users run it in production: a master key, no database, nothing logged but errors."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from bench.peers.install import python_tools
from bench.peers.server import Peer, running
from local.ports import HOST, free_ports

KEY = "sk-bench"
QUIET = {"LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
OWN = ("LITELLM_", "OPENAI_", "DATABASE_URL", "REDIS_")


@asynccontextmanager
async def litellm(provider_url: str, workers: int, folder: Path) -> AsyncIterator[Peer]:
    """A proxy with so many worker processes, before the provider."""
    port = next(free_ports())
    config = folder / "litellm.json"  # what is JSON is YAML
    config.write_bytes(orjson.dumps(_config(provider_url)))
    tools = python_tools()
    command = [str(tools / "litellm"), "--config", str(config), "--host", HOST, "--port", str(port)]
    command += ["--num_workers", str(workers), "--telemetry", "False"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith((*OWN, "PYTHONPATH"))}
    environ |= QUIET | {"PATH": f"{tools}:{os.environ['PATH']}"}
    ready = f"http://{HOST}:{port}/health/liveliness"
    async with running(command, folder / f"litellm-{workers}.log", environ, ready) as process:
        headers = {"authorization": f"Bearer {KEY}"}
        yield Peer(f"LiteLLM, {workers} worker{'s' * (workers > 1)}", f"http://{HOST}:{port}/v1", process.pid, headers)


def _config(provider_url: str) -> dict[str, object]:
    model = {"model": "openai/fake", "api_base": provider_url, "api_key": "bench"}
    return {
        "model_list": [{"model_name": "fake", "litellm_params": model}],
        "general_settings": {"master_key": KEY, "disable_spend_logs": True, "disable_error_logs": True},
        "litellm_settings": {"set_verbose": False, "telemetry": False, "num_retries": 0},
    }
