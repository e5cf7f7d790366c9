"""`/api/admin` and `/api/worker-stats`: breakers, caches, queues and workers, for operators."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit.auth.caller import Caller
from kit.errors import PermissionDenied
from kit.jobs.ports import WorkerRegistry
from kit.vitals.ports import Lookups
from services.gateway.health.checks import Status
from services.gateway.jobs.lines import Line, QueueLines
from services.gateway.legacy.redis import RedisParts
from services.gateway.stats.gathering import Gathering

# The names that the older systems gave to these queues; the others keep their own.
QUEUES = {"titles": "titleGeneration", "documents": "fileProcessing", "reports": "reportGeneration"}
IN_PROCESS = "_process"


class Operating:
    """What admins see; the fleet's figures, not those of one process."""

    def __init__(
        self,
        stats: Gathering,
        lines: QueueLines,
        workers: WorkerRegistry,
        parts: RedisParts,
        *,
        alive_within: float,
    ) -> None:
        """A worker counts as alive for so many seconds after its last beat."""
        self._stats = stats
        self._lines = lines
        self._workers = workers
        self._parts = parts
        self._alive_within = alive_within

    async def breakers(self, _: Request, caller: Caller) -> Response:
        """Each process has its own breaker before the database: here it counts as closed while the database answers."""
        _for_admins(caller)
        database = (await self._parts.examiner.examination()).part("mongodb")
        providers = {
            f"AI-{breaker.provider}": {
                "state": breaker.state.value.lower().replace("half_open", "halfOpen"),
                "stats": {"fires": breaker.requests, "failures": breaker.failures},
            }
            for breaker in (await self._stats.stats()).breakers
        }
        answers = database.status is Status.HEALTHY
        latency = {"latencyMs": round(database.seconds * 1000, 2)}
        standing = {"state": "closed" if answers else "open", "stats": latency}
        return JSONResponse({"database": standing, "aiProviders": providers})

    async def caches(self, _: Request, caller: Caller) -> Response:
        _for_admins(caller)
        layers = (await self._stats.stats()).lookups
        memory = sum((found for layer, found in layers.items() if layer.endswith(IN_PROCESS)), Lookups())
        return JSONResponse(
            {
                "memory": {"hits": memory.hits, "misses": memory.misses, "keys": memory.entries},
                "redis": await self._parts.state("redis-cache"),
            }
        )

    async def queues(self, _: Request, caller: Caller) -> Response:
        _for_admins(caller)
        lines = {QUEUES.get(line.queue.name, line.queue.name): _counts(line) for line in await self._lines.all()}
        return JSONResponse({**lines, "redis": await self._parts.state("redis-queue")})

    async def workers(self, _: Request, caller: Caller) -> Response:
        _for_admins(caller)
        alive = await self._workers.alive(self._alive_within)
        return JSONResponse(
            {
                "active_workers": {worker.id: {"host": worker.host, "pool": worker.capacity} for worker in alive},
                "active_tasks": {worker.id: list(worker.running) for worker in alive},
                "scheduled_tasks": _scheduled(await self._lines.all()),
            }
        )


def _for_admins(caller: Caller) -> None:
    if not caller.is_admin:
        raise PermissionDenied("this call needs the role admin")


def _counts(line: Line) -> dict[str, int]:
    counts = line.counts
    return {
        "waiting": counts.waiting + counts.delayed,
        "active": counts.running,
        "completed": counts.succeeded,
        "failed": counts.failed,
    }


def _scheduled(lines: Sequence[Line]) -> dict[str, Any]:
    """What waits, by queue: no job belongs to a worker before it runs."""
    return {
        line.queue.name: {"waiting": line.counts.waiting, "delayed": line.counts.delayed}
        for line in lines
        if line.counts.waiting or line.counts.delayed
    }
