"""A real Prometheus over the stack, and what it says of alerts while their causes come and go."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import yaml

from tests.alerts.shortened import shortened
from tests.servers import free_port

SCRAPE, EVALUATE, LOOK = "2s", "1s", 0.5


@dataclass
class Prometheus:
    """Looks at all alerts twice a second."""

    url: str
    targets: Path
    programs: Mapping[str, str]
    firing: frozenset[str] = frozenset()
    looked: asyncio.Condition = field(default_factory=asyncio.Condition)

    def scrape(self, programs: Mapping[str, str]) -> None:
        """From now on these, by their names."""
        jobs = [
            {"targets": [at], "labels": {"service": "edge" if name == "envoy" else name}}
            for name, at in programs.items()
        ]
        fresh = self.targets.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(jobs))
        fresh.rename(self.targets)

    async def watch(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=5) as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    answer = (await client.get("/api/v1/alerts")).json()
                    names = {a["labels"]["alertname"] for a in answer["data"]["alerts"] if a["state"] == "firing"}
                    await self._note(frozenset(names))
                await asyncio.sleep(LOOK)

    async def until(self, alert: str, *, fires: bool, seconds: float) -> float:
        """When it does, by the monotonic clock; raises TimeoutError."""
        async with asyncio.timeout(seconds), self.looked:
            await self.looked.wait_for(lambda: (alert in self.firing) is fires)
        return time.monotonic()

    async def _note(self, names: frozenset[str]) -> None:
        async with self.looked:
            self.firing = names
            self.looked.notify_all()


@contextlib.asynccontextmanager
async def prometheus(folder: Path, programs: Mapping[str, str]) -> AsyncIterator[Prometheus]:
    """Runs until the block ends; raises FileNotFoundError without the program."""
    binary = shutil.which(os.environ.get("PROMETHEUS", "prometheus"))
    if binary is None:
        raise FileNotFoundError("no Prometheus here; tools/prometheus installs Debian's")
    _configure(folder)
    at = f"127.0.0.1:{free_port()}"
    made = Prometheus(f"http://{at}", folder / "targets.json", programs)
    made.scrape(programs)
    data = ("--storage.tsdb.path", str(folder / "data"), "--storage.tsdb.retention.time", "1d")
    with (folder / "prometheus.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            binary, "--config.file", str(folder / "prometheus.yaml"), "--web.listen-address", at, *data, stderr=log
        )
        watching = asyncio.create_task(made.watch())
        try:
            await _ready(made.url)
            yield made
        finally:
            watching.cancel()
            process.terminate()
            await process.wait()


def _configure(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yaml").write_text(yaml.safe_dump(shortened(), width=1000))
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(_configuration(folder)))


def _configuration(folder: Path) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": EVALUATE},
        "rule_files": [str(folder / "rules.yaml")],
        "scrape_configs": [
            {
                "job_name": "lectern",
                "file_sd_configs": [{"files": [str(folder / "targets.json")], "refresh_interval": "1s"}],
            }
        ],
    }


async def _ready(url: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{url}/-/ready")).status_code == 200:
                    return
            await asyncio.sleep(LOOK)
