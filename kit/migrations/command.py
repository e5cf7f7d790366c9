import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from kit import mongo
from kit.errors import Unavailable
from kit.migrations.model import Plan
from kit.migrations.runner import migrate
from kit.settings import CommonSettings
from kit.telemetry.setup import telemetry

AGAIN_SECONDS = 1.0
PATIENCE_SECONDS = 300.0

S = TypeVar("S", bound=CommonSettings)

log = structlog.get_logger()


def main(name: str, settings: S, plan: Callable[[S, mongo.Client], Plan]) -> None:
    """Migrates; waits for a while for a database that is not there."""
    with telemetry(f"{name}-migrations", settings):
        ran = asyncio.run(_migrated(settings, plan))
        log.info("migrated", ran=list(ran))


async def _migrated(settings: S, plan: Callable[[S, mongo.Client], Plan]) -> tuple[str, ...]:
    patience = time.monotonic() + PATIENCE_SECONDS
    async with mongo.connect(settings) as client:
        while True:
            try:
                return tuple(await migrate(plan(settings, client)))
            except Unavailable as error:
                if time.monotonic() > patience:
                    raise
                log.warning("waiting_for_mongodb", error=error.message)
                await asyncio.sleep(AGAIN_SECONDS)
