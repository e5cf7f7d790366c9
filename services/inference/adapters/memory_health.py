"""Health of the routes as this process alone sees it."""

import time


class MemoryHealth:
    """Rests without breakers."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    async def admits(self, route: str) -> bool:
        return self._until.get(route, 0.0) <= time.monotonic()

    async def succeeded(self, route: str) -> None:
        pass

    async def failed(self, route: str) -> None:
        pass

    async def rest(self, route: str, seconds: float) -> None:
        self._until[route] = time.monotonic() + seconds
