"""A Prometheus that watches a stack: started beside it, asked questions, stopped."""

import asyncio
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from local import ports
from local.binaries import MissingServerError
from local.program import Observer
from local.programs.observe import prometheus
from local.stack import ignore
from local.supervisor import Supervisor


@dataclass(frozen=True)
class Series:
    """The labels of a series and its values by their times, in seconds since the epoch."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class QueryError(Exception):
    """A query that Prometheus does not understand."""


def find() -> Path:
    """Prometheus; raises MissingServerError where there is none. `PROMETHEUS` names another than the one on PATH."""
    found = shutil.which(os.environ.get("PROMETHEUS", "prometheus"))
    if found is None:
        raise MissingServerError("No Prometheus here: tools/prometheus installs Debian's, or name one by PROMETHEUS.")
    return Path(found).resolve()


class Client:
    """Asks the Prometheus at an address, until the block ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def now(self, expression: str, at: float | None = None) -> Sequence[Series]:
        """The series that the expression has now, or at that time, without those that have no number."""
        found = await self._get("query", query=expression, **({} if at is None else {"time": at}))
        if found["resultType"] == "scalar":
            return [Series({}, [_point(found["result"])])]
        series = [Series(each["metric"], [_point(each["value"])]) for each in found["result"]]
        return [each for each in series if not math.isnan(each.points[0][1])]

    async def between(self, expression: str, start: float, end: float, step: float) -> Sequence[Series]:
        """The series over a time, a point each `step` seconds."""
        found = await self._get("query_range", query=expression, start=start, end=end, step=step)
        return [Series(each["metric"], [_point(point) for point in each["values"]]) for each in found["result"]]

    async def until(self, expression: str, seconds: float = 60) -> Sequence[Series]:
        """The series of the expression once it has some."""
        async with asyncio.timeout(seconds):
            while not (found := await self.now(expression)):  # noqa: ASYNC110 - it depends on what is scraped
                await asyncio.sleep(0.2)
        return found

    async def _get(self, kind: str, **parameters: Any) -> Mapping[str, Any]:
        answer = (await self._client.get(f"/api/v1/{kind}", params=parameters)).json()
        if answer["status"] != "success":
            raise QueryError(f"{parameters['query']}: {answer['error']}")
        data: Mapping[str, Any] = answer["data"]
        return data


class Prometheus(Client):
    """One of our own, that runs until the block ends."""

    def __init__(
        self,
        metrics: Mapping[str, str],
        data: Path,
        observe: Observer = ignore,
        *,
        every_seconds: float = 5,
        fresh: bool = False,
    ) -> None:
        """`metrics` says where each program serves them: a stack's `plan.metrics`. With `fresh` it starts empty."""
        port = next(ports.free_ports())
        program = prometheus(find(), port, metrics, data, every_seconds=every_seconds, fresh=fresh)
        self._supervisor = Supervisor([program], data / "logs", observe)
        super().__init__(program.address)

    async def __aenter__(self) -> Self:
        await self._supervisor.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, at)
        await self._supervisor.stop()


def _point(pair: Sequence[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
