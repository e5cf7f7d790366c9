"""Envoy, on the public port."""

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.envoy.config import EdgeConfig
from deploy.envoy.render import write
from local import binaries
from local.parts import EDGE
from local.ports import HOST
from local.probes import http_answers
from local.program import Program, Tier

_WORKERS = min(2, os.cpu_count() or 1)


def edge(
    port: int,
    admin_port: int,
    environment: Mapping[str, str],
    data: Path,
    needs: frozenset[str],
    metrics_port: int = 0,
) -> Program:
    """The edge, its configuration rendered from the environment that the services have."""
    folder, metrics = data / EDGE, f"{HOST}:{metrics_port}" if metrics_port else ""
    folder.mkdir(parents=True, exist_ok=True)
    own = {
        "LECTERN_EDGE_LISTEN": f"{HOST}:{port}",
        "LECTERN_EDGE_ADMIN_LISTEN": f"{HOST}:{admin_port}",
        "LECTERN_EDGE_METRICS_LISTEN": metrics,
        "LECTERN_EDGE_DESCRIPTORS": str(folder / "descriptors.binpb"),
        # What dies here is started again, and refuses connections at once until it is there.
        "LECTERN_EDGE_HEALTH_SECONDS": "10",
    }
    write(EdgeConfig.from_environment({**environment, **own}), folder / "envoy.yaml")
    quiet = ("--log-level", "warn", "--disable-hot-restart", "--concurrency", str(_WORKERS))
    return Program(
        name=EDGE,
        tier=Tier.EDGE,
        command=(str(binaries.envoy()), "-c", str(folder / "envoy.yaml"), *quiet),
        address=f"{HOST}:{port}",
        ready=http_answers(f"http://{HOST}:{admin_port}/ready"),
        needs=needs,
        stop_seconds=5,
        metrics=metrics,
    )
