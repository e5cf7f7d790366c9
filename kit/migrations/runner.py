import asyncio
from collections.abc import Sequence

import structlog

from kit.errors import Conflict
from kit.migrations.lease import Lease
from kit.migrations.model import Plan
from kit.mongo import translated

COLLECTION = "migrations"
LEASE_SECONDS = 15.0
LOOK_AGAIN_SECONDS = 0.2

log = structlog.get_logger()


async def migrate(plan: Plan, *, lease_seconds: float = LEASE_SECONDS) -> Sequence[str]:
    """Runs what has not run yet, and says what that was; waits while another process does.

    Raises Unavailable where the database is away, and Conflict for who slept past its lease and was succeeded.
    """
    lease = Lease(plan.database[COLLECTION], lease_seconds)
    with translated():
        while not await lease.take():  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        work, keeping = asyncio.create_task(_run(plan)), asyncio.create_task(lease.keep())
        try:
            await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise Conflict("another process has taken the migrations over")
            return await work
        finally:
            for task in (work, keeping):
                task.cancel()
            await asyncio.gather(work, keeping, return_exceptions=True)
            await lease.leave()


async def _run(plan: Plan) -> Sequence[str]:
    kept = plan.database[COLLECTION]
    await plan.indexes()
    done = {row["_id"] async for row in kept.find({}, {"_id": 1})}
    waiting = [migration for migration in plan.migrations if migration.name not in done]
    for migration in waiting:
        log.info("migrating", migration=migration.name)
        await migration.change(plan.database)
        await kept.update_one({"_id": migration.name}, {"$currentDate": {"finished": True}}, upsert=True)
    return [migration.name for migration in waiting]
