"""What the worker of threads does, by kind of job."""

from collections.abc import Mapping
from typing import Any

from kit.jobs.work import Actors, Work
from services.threads.service.titling import Titling


class ThreadActors:
    """Hands jobs to the services that do them."""

    def __init__(self, titling: Titling) -> None:
        self._titling = titling

    def by_kind(self) -> Actors:
        actors = Actors()
        actors.add("generate_title", self.generate_title)
        return actors

    async def generate_title(self, work: Work) -> Mapping[str, Any]:
        return {"title": await self._titling.title(work.caller, work.payload["thread"])}
