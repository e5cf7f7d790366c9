from typing import Any

from services.gateway.health.checks import Examiner, Status


class RedisParts:
    """The examinations of health, and the two Redis among them in the words of the older systems."""

    def __init__(self, examiner: Examiner) -> None:
        self.examiner = examiner

    async def state(self, name: str) -> dict[str, Any]:
        """`{status, ready}` of `redis-cache` or `redis-queue`."""
        ready = (await self.examiner.examination()).part(name).status is Status.HEALTHY
        return {"status": "ready" if ready else "reconnecting", "ready": ready}
