class MemoryHealth:
    """Providers that are away because somebody in this process said so."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    async def away(self) -> frozenset[str]:
        return frozenset(self.missing)


class MemoryChanges:
    """Which jobs changed, in order; for tests."""

    def __init__(self) -> None:
        self.jobs: list[str] = []

    async def changed(self, job: str) -> None:
        self.jobs.append(job)
