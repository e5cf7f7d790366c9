"""What shows how a stack does: Prometheus for its metrics, Phoenix for its traces, on this machine's loopback alone."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.parts import EDGE
from local.ports import HOST
from local.probes import http_answers
from local.program import Program, Tier

PROMETHEUS, PHOENIX = "prometheus", "phoenix"

_RULES = Path(__file__).resolve().parents[2] / "deploy" / "helm" / "monitoring" / "rules"


def prometheus(
    binary: Path, port: int, metrics: Mapping[str, str], data: Path, *, every_seconds: float = 5, fresh: bool = False
) -> Program:
    """Reads the metrics of programs (`metrics`: where each serves them), and keeps them below `data`.

    The rules of the monitoring chart are loaded, so that alerts are seen too. `fresh` forgets what was kept before.
    """
    folder = data / PROMETHEUS
    folder.mkdir(parents=True, exist_ok=True)
    configuration, kept = folder / "prometheus.yaml", folder / "data"
    configuration.write_text(yaml.safe_dump(scraping(metrics, every_seconds), sort_keys=False))
    assets = binary.parents[1] / "share" / "prometheus" / "web"
    command: tuple[str, ...] = (
        str(binary),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={kept}",
        f"--web.listen-address={HOST}:{port}",
        f"--web.local-assets={assets}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    )
    if fresh:
        command = ("sh", "-c", 'rm -rf "$0" && exec "$@"', str(kept), *command)
    return Program(
        name=PROMETHEUS,
        tier=Tier.WORKERS,
        command=command,
        address=f"http://{HOST}:{port}",
        ready=http_answers(f"http://{HOST}:{port}/-/ready"),
    )


def scraping(metrics: Mapping[str, str], every_seconds: float) -> Mapping[str, Any]:
    """Prometheus's configuration: every program is an instance of its service, as in the charts."""
    seconds = f"{round(every_seconds * 1000)}ms"
    return {
        "global": {"scrape_interval": seconds, "evaluation_interval": seconds},
        "rule_files": [str(_RULES / "*.yaml")],
        "scrape_configs": [
            {
                "job_name": "lectern",
                "static_configs": [
                    {"targets": [address], "labels": {"service": service_of(name), "instance": name}}
                    for name, address in metrics.items()
                ],
            }
        ],
    }


def service_of(program: str) -> str:
    """The service that a program is an instance of."""
    return "edge" if program == EDGE else re.sub(r"-\d+$", "", program)


def phoenix(python: Path, port: int, otlp_port: int, data: Path) -> Program:
    """Keeps traces that are sent to it by OTLP over gRPC, and shows them; `python` has it installed.

    It asks nobody else anything: no fonts, no telemetry of its own.
    """
    folder = data / PHOENIX
    folder.mkdir(parents=True, exist_ok=True)
    return Program(
        name=PHOENIX,
        tier=Tier.WORKERS,
        command=(str(python), "-I", str(Path(__file__).with_name("loopback_phoenix.py"))),
        address=f"http://{HOST}:{port}",
        ready=http_answers(f"http://{HOST}:{port}/healthz"),
        environment={
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "PHOENIX_HOST": HOST,
            "PHOENIX_PORT": str(port),
            "PHOENIX_GRPC_PORT": str(otlp_port),
            "PHOENIX_WORKING_DIR": str(folder),
            "PHOENIX_TELEMETRY_ENABLED": "false",
            "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
            "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
        },
        start_seconds=180,
    )
