"""The cluster that KUBECONFIG names, in one namespace, by the programs that a person at the terminal has."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
# What is left of a release, if anything is.
KINDS = (
    *("deployments", "statefulsets", "jobs", "pods", "services", "configmaps", "secrets", "serviceaccounts"),
    *("networkpolicies", "poddisruptionbudgets", "horizontalpodautoscalers", "persistentvolumeclaims"),
)
OF_CHARTS = "app.kubernetes.io/name"


class CommandError(Exception):
    """What kubectl or helm said when it failed."""


@dataclass(frozen=True)
class Cluster:
    """Everything is asked and done within `namespace`."""

    namespace: str

    def kubectl(self, *arguments: str, given: str = "", seconds: float = 120) -> str:
        """What kubectl prints; `given` is its standard input. Raises CommandError where it fails."""
        return _run("kubectl", "-n", self.namespace, *arguments, given=given, seconds=seconds)

    def helm(self, *arguments: str, seconds: float = 1200) -> str:
        """What helm prints. Raises CommandError where it fails."""
        return _run("helm", "-n", self.namespace, *arguments, seconds=seconds)

    def found(self, kind: str, *options: str) -> list[Manifest]:
        """The resources of a kind, as Kubernetes has them now."""
        return list(json.loads(self.kubectl("get", kind, "-o", "json", *options))["items"])

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
        self.kubectl("apply", "-f", "-", given=json.dumps(listed))

    def pods(self) -> list[Manifest]:
        """Those of the charts that are to stay: neither ended, nor about to, nor those of a job or a test."""
        return [pod for pod in self.found("pods", "-l", OF_CHARTS) if _stays(pod)]

    def unready_pods(self) -> list[str]:
        """Their names; a pod is ready when all of its containers are."""
        return [pod["metadata"]["name"] for pod in self.pods() if _condition(pod, "Ready") != "True"]

    def leaving_pods(self) -> list[str]:
        """The names of those that were told to end and have not yet."""
        return [pod["metadata"]["name"] for pod in self.found("pods") if "deletionTimestamp" in pod["metadata"]]

    def restarts(self) -> dict[str, int]:
        """How often containers began again, by pod, where they did."""
        counts = {
            pod["metadata"]["name"]: sum(each["restartCount"] for each in pod["status"].get("containerStatuses", ()))
            for pod in self.pods()
        }
        return {name: count for name, count in counts.items() if count}

    def settled(self) -> bool:
        """Whether every pod is of its newest version and ready, and none is about to end."""
        rolled_out = all(map(_rolled_out, self.found("deployments")))
        return rolled_out and not self.leaving_pods() and not self.unready_pods()

    def state(self) -> str:
        """What a person would look at first."""
        unready = self.unready_pods()
        logs = [self.kubectl("logs", name, "--all-containers", "--tail", "20") for name in unready[:3]]
        events = self.kubectl("get", "events", "--sort-by", ".lastTimestamp")
        return "\n".join([self.kubectl("get", "pods", "-o", "wide"), *events.splitlines()[-15:], *logs])

    def everything(self) -> set[str]:
        """All that is in the namespace, as kind/name."""
        return {f"{kind}/{each['metadata']['name']}" for kind in KINDS for each in self.found(kind)}


def _run(*command: str, given: str = "", seconds: float) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise CommandError(f"{' '.join(command)}: {done.stderr[-3000:]}")
    return done.stdout.strip()


def _stays(pod: Manifest) -> bool:
    metadata, owners = pod["metadata"], pod["metadata"].get("ownerReferences", ())
    ending = "deletionTimestamp" in metadata or pod["status"]["phase"] in ("Succeeded", "Failed")
    return not ending and any(owner["kind"] in ("ReplicaSet", "StatefulSet") for owner in owners)


def _condition(resource: Manifest, kind: str) -> str:
    conditions = resource["status"].get("conditions", ())
    return next((str(each["status"]) for each in conditions if each["type"] == kind), "")


def _rolled_out(deployment: Manifest) -> bool:
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    counts = {status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")}
    return status.get("observedGeneration") == deployment["metadata"]["generation"] and counts == {wanted}
