"""What runs jobs: the dispatcher, and the workers of services. Nobody waits for them to start."""

import sys
from collections.abc import Mapping
from pathlib import Path

from kit import mongo
from kit.jobs.mongo.database import Database
from kit.jobs.mongo.fleet import MongoWorkers
from kit.jobs.settings import JobsSettings
from local.parts import DISPATCHER
from local.ports import HOST
from local.probes import NotReadyError, grpc_serves
from local.program import Probe, Program, Tier
from local.programs.services import python_path

_YIELDING = str(Path(__file__).parents[1] / "yielding.py")


def dispatcher(
    port: int, metrics_port: int, environment: Mapping[str, str], needs: frozenset[str], source: Path | None = None
) -> Program:
    """Keeps the waiting room of jobs."""
    address, metrics = f"{HOST}:{port}", f"{HOST}:{metrics_port}"
    return Program(
        name=DISPATCHER,
        tier=Tier.WORKERS,
        command=(sys.executable, "-m", "kit.jobs.dispatcher"),
        address=address,
        ready=grpc_serves(address),
        needs=needs,
        environment={
            **environment,
            **python_path(source),
            "LECTERN_LISTEN": address,
            "LECTERN_METRICS_LISTEN": metrics,
        },
        awaited=False,
        metrics=metrics,
    )


def worker(
    service: str,
    name: str,
    metrics_port: int,
    environment: Mapping[str, str],
    needs: frozenset[str],
    source: Path | None = None,
) -> Program:
    """Runs the jobs of a service; nobody calls it. Whoever waits for an answer goes before them."""
    metrics = f"{HOST}:{metrics_port}"
    return Program(
        name=name,
        tier=Tier.WORKERS,
        command=(sys.executable, "-I", "-S", _YIELDING, sys.executable, "-m", f"services.{service}.worker"),
        address="",
        ready=worker_beats(service, environment["MONGODB_URI"]),
        needs=needs,
        environment={**environment, **python_path(source), "LECTERN_METRICS_LISTEN": metrics},
        awaited=False,
        metrics=metrics,
    )


def worker_beats(service: str, uri: str) -> Probe:
    """A worker process that was not there before has given its first sign of life."""
    known = set[str]()
    settings = JobsSettings(mongodb_uri=uri)

    async def probe() -> None:
        async with mongo.connect(settings) as client:
            workers = MongoWorkers(Database(client, settings.jobs_database))
            alive = {beat.id for beat in await workers.alive(settings.job_lease_seconds) if beat.id.startswith(service)}
        if alive <= known:
            raise NotReadyError(service)
        known.update(alive)

    return probe
