from collections.abc import Mapping
from typing import Any

from services.gateway.health.checks import Check, Status, examine


class RedisParts:
    """The checks of health, and the two Redis among them in the words of the older systems."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self.checks = checks

    async def state(self, name: str) -> dict[str, Any]:
        """`{status, ready}` of `redis-cache` or `redis-queue`."""
        _, (part,) = await examine({name: self.checks[name]})
        ready = part.status is Status.HEALTHY
        return {"status": "ready" if ready else "reconnecting", "ready": ready}
