"""Every process finds its Redis by the older names, and says once at its start what an older setting means."""

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis.asyncio

from tests.servers import redis_server, started

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
MODULES = (
    "services",
    "services.gateway",
    "services.threads",
    "services.context",
    "services.inference",
    "services.gateway.worker",
    "services.threads.worker",
    "services.context.worker",
    "kit.jobs.dispatcher",
)


@pytest.mark.parametrize("module", MODULES)
async def test_a_process_answers_to_older_settings(module: str, mongodb_uri: str, tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        there = urlsplit(url)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("REDIS_")}
        environ |= {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
            "LECTERN_LOCAL": "true",
            "MONGODB_URI": mongodb_uri,
            "REDIS_HOST": there.hostname or "",
            "REDIS_PORT": str(there.port),
            "NODE_ENV": "production",
        }
        log = tmp_path / "process.log"
        with started([sys.executable, "-m", module], log, environ):
            async with asyncio.timeout(SECONDS), redis.asyncio.Redis.from_url(url) as client:
                while len(await client.client_list()) < 2:  # noqa: ASYNC110 - another process's doing
                    await asyncio.sleep(0.05)
        lines = [line for line in log.read_text().splitlines() if "older_setting" in line]
        assert len(lines) == 1, lines
        assert "NODE_ENV is set" in lines[0]


async def test_the_edge_says_so_before_it_renders(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", "PATH": os.environ["PATH"], "NODE_ENV": "production"}
    environ |= {
        f"LECTERN_{name}_TARGET": "127.0.0.1:1"
        for name in ("GATEWAY", "GATEWAY_HTTP", "THREADS", "CONTEXT", "INFERENCE")
    }
    descriptors = str(tmp_path / "descriptors.binpb")
    environ |= {"LECTERN_JWT_SECRET": "s", "PORT": "5000", "LECTERN_EDGE_DESCRIPTORS": descriptors}
    target = tmp_path / "envoy.yaml"
    render = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.envoy", str(target), env=environ, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    _, told = await render.communicate()
    assert render.returncode == 0, told
    assert b"NODE_ENV is set" in told
    assert "port_value: 5000" in target.read_text()
