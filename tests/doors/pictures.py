"""`make pictures`: the dashboards of a running system under a little traffic, drawn into docs/pictures."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

from deploy.dashboards.pictures import take
from local.prometheus import Prometheus
from tests.browser import chromium_path
from tests.doors.conftest import opened
from tests.doors.traffic import Traffic

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SECONDS = float(os.environ.get("PICTURE_SECONDS", "180"))


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        async with (
            opened(data / "system") as doors,
            Prometheus(doors.background.stack.plan.metrics, data, every_seconds=1) as prometheus,
        ):
            start = time.time()
            traffic = Traffic(doors)
            while time.time() < start + SECONDS:
                await traffic.round()
            async with traffic.held():
                await prometheus.until("sum(lectern_workers_running_jobs) > 0")
                await take(prometheus, FOLDER, start, time.time(), chromium_path())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(main())
