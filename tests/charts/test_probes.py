"""What the kubelet asks of pods leaves a busy node time, and tells a process that hangs from one that is slow."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.charts import SERVICES, SOURCE, rendered
from kit.alive import DEAD_SECONDS
from tests.charts.manifests import Manifest, by_kind, settings

# Seen on two processors where everything of a trial started at once: more than two minutes until a server served.
START_SECONDS = 300


@pytest.fixture(params=SERVICES)
def containers(request: pytest.FixtureRequest, charts: Path) -> list[Manifest]:
    """The first container of each Deployment of a chart."""
    values: dict[str, Any] = yaml.safe_load((SOURCE / request.param / "ci" / "default-values.yaml").read_text()) or {}
    deployments = by_kind(rendered(charts / request.param, values), "Deployment").values()
    return [each["spec"]["template"]["spec"]["containers"][0] for each in deployments]


def test_a_server_may_take_long_to_start(containers: list[Manifest]) -> None:
    for container in containers:
        probe = container.get("startupProbe", {})
        if "grpc" in probe:
            assert probe["periodSeconds"] * probe["failureThreshold"] >= START_SECONDS, container["name"]
            assert probe["timeoutSeconds"] >= 5, container["name"]


def test_a_worker_is_asked_by_the_file_that_its_event_loop_touches(containers: list[Manifest]) -> None:
    for container in containers:
        if container["name"] != "worker":
            continue
        probe = container["livenessProbe"]
        assert probe["exec"]["command"] == ["python", "-m", "kit.healthcheck"]
        file = Path(settings(container)["LECTERN_HEALTH_FILE"])
        writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        assert str(file.parent) in writable
        # A file that is missing yet must not end a worker that is only slow to start.
        assert probe["initialDelaySeconds"] + probe["periodSeconds"] * probe["failureThreshold"] > DEAD_SECONDS * 3
        assert probe["timeoutSeconds"] < probe["periodSeconds"]
