import time

from services.threads.adapters.memory.database import MemoryDatabase


class MemoryOwners:
    """Leases of owners in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._owners = database.owners

    async def renew(self, owner: str, seconds: float) -> None:
        self._owners[owner] = time.monotonic() + seconds

    async def release(self, owner: str) -> None:
        self._owners.pop(owner, None)
