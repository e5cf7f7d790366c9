"""Lectern's charts as they are installed, upgraded and handed over with Helm, in one namespace."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.charts import SERVICES, UMBRELLA
from tests.cluster import images, provider
from tests.cluster.kubernetes import Cluster
from tests.waiting import wait_for

SECRET = "cluster-secret-of-more-than-32-bytes"
# Helm's own limit for hooks; a small machine starts 22 processes at once.
INSTALL_SECONDS = 1200
SETTLE_SECONDS = 600
LEAVE_SECONDS = 400
# The charts set aside for every process what a lecture hall needs; a cluster for trials may have two processors.
SMALL = {"resources": {"requests": {"cpu": "20m", "memory": "96Mi"}}}
PROCESSES: Mapping[str, Mapping[str, Any]] = {
    "edge": {"edge": SMALL},
    "gateway": {"gateway": SMALL, "dispatcher": SMALL, "workers": {"turns": SMALL, "webhooks": SMALL}},
    "threads": {"threads": SMALL, "workers": {"light": SMALL, "reports": SMALL, "upkeep": SMALL}},
    "context": {"context": SMALL, "workers": {"documents": SMALL, "teaching": SMALL, "preloads": SMALL}},
    "inference": {"inference": SMALL},
}


def base_values() -> dict[str, Any]:
    """Of the umbrella, for any cluster: its images, the trial's stores, a public port, the provider of models."""
    values: dict[str, Any] = {service: images.values_of_lectern(images.lectern()) for service in SERVICES}
    values["edge"] |= {"service": {"type": "NodePort"}} | images.values_of_envoy()
    # An answer of a minute is longer than chat lets a model take by default.
    values["inference"] |= {"env": {"OPENAI_BASE_URL": provider.URL, "LECTERN_CHAT_TIMEOUT": "100"}}
    secrets = {"jwtSecret": SECRET, "serviceSecret": f"{SECRET}-services", "openaiApiKey": "none"}
    return values | {"trial": {"enabled": True, "size": "1Gi"} | secrets | images.values_of_stores()}


def whole_values() -> dict[str, Any]:
    """The default number of every process, with less set aside for each."""
    values = base_values()
    return values | {service: values[service] | PROCESSES[service] for service in SERVICES}


@dataclass
class Releases:
    """The umbrella, or after a hand-over a release of each service; `charts` are assembled with what they depend on.

    `beside` is what was in the namespace before: what Kubernetes puts into each, and the tests' own.
    """

    cluster: Cluster
    charts: Path
    upgrades: int = 0
    beside: set[str] = field(default_factory=set)

    def install(self, values: Mapping[str, Any], *options: str) -> None:
        """The umbrella; returns when its hooks have ended."""
        self.beside = self.cluster.everything()
        self._helm("install", UMBRELLA, self.charts / UMBRELLA, values, *options)

    def upgrade(self, service: str) -> None:
        """One service through the umbrella, as docs/deploying.md has it; its pods differ by an annotation at least."""
        self.upgrades += 1
        tag = images.next_lectern().rpartition(":")[2]
        self.cluster.helm(
            *("upgrade", UMBRELLA, str(self.charts / UMBRELLA), "--reset-then-reuse-values"),
            *("--set-string", f"{service}.image.tag={tag}"),
            *("--set-string", f"{service}.podAnnotations.upgrade={self.upgrades}"),
            *("--timeout", f"{INSTALL_SECONDS}s"),
        )

    def hand_over(self) -> None:
        """Everything at once, each service by the values that the umbrella had for it."""
        values = json.loads(self.cluster.helm("get", "values", UMBRELLA, "-o", "json"))
        for service in SERVICES:
            release = f"{UMBRELLA}-{service}"
            self._helm("upgrade", release, self.charts / service, values[service], "--install", "--take-ownership")
        self.cluster.kubectl("delete", "secret", "-l", f"owner=helm,name={UMBRELLA}")

    def names(self) -> list[str]:
        """What Helm knows of in the namespace."""
        return sorted(self.cluster.helm("list", "-q").split())

    def test(self, release: str) -> int:
        """How many tests of it passed. Raises CommandError where one does not."""
        return self.cluster.helm("test", release, "--timeout", "300s").count("Succeeded")

    def uninstall(self, *releases: str, leaving: set[str]) -> float:
        """Seconds until nothing but what they leave was left, as kind/name; pods go after what they belong to."""
        self.cluster.helm("uninstall", *releases, "--wait", "--timeout", f"{LEAVE_SECONDS}s")
        return wait_for(
            "the end of all else", lambda: self._left() == leaving, LEAVE_SECONDS, lambda: str(self._left())
        )

    def _left(self) -> set[str]:
        return self.cluster.everything() - self.beside

    def settle(self, seconds: float = SETTLE_SECONDS) -> float:
        """Seconds until every pod was of its newest version and ready, and no older one was left."""
        return wait_for("all pods", self.cluster.settled, seconds, self.cluster.state)

    def _helm(self, verb: str, release: str, chart: Path, values: Mapping[str, Any], *options: str) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(values, file)
            file.flush()
            timeout = ("--timeout", f"{INSTALL_SECONDS}s")
            self.cluster.helm(verb, release, str(chart), "-f", file.name, *timeout, *options)
