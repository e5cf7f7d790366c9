"""A provider of models inside the cluster: the fake one of the benchmarks, by script, mounted into Lectern's image."""

import json
from pathlib import Path

from tests.cluster import images
from tests.cluster.kubernetes import Cluster, Manifest

BENCH = Path(__file__).resolve().parents[2] / "bench"
NAME = "provider"
PORT = 8000
URL = f"http://{NAME}:{PORT}/v1"
UNHURRIED = "What is a wave? ("
A_MINUTE = "At length"
SCRIPT = {
    "default": {"text": "A wave carries energy, not matter [1].", "words_per_second": 20},
    "rules": [
        {"holds": "You name conversations", "script": {"text": "Waves and energy"}},
        # Seven or eight seconds: longer than a pod of a service takes to leave without waiting for its streams.
        {"holds": A_MINUTE, "script": {"words": 120, "text": "", "words_per_second": 2}},
        {"holds": UNHURRIED, "script": {"words": 60, "text": "", "words_per_second": 8}},
    ],
}
LABELS = {"app": NAME}


def plain_pod(name: str, command: list[str]) -> Manifest:
    """One that runs a command in Lectern's image once, as bounded as a restricted namespace demands."""
    container = {
        "name": name,
        "image": images.lectern(),
        "imagePullPolicy": "IfNotPresent",
        "command": command,
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def manifests() -> list[Manifest]:
    """The provider, and the way to it: inference may call no other port than those of the internet by itself."""
    return [_files(), _deployment(), _service(), _policy()]


def install(cluster: Cluster) -> None:
    cluster.apply(*manifests())
    cluster.kubectl("rollout", "status", f"deployment/{NAME}", "--timeout", "300s", seconds=330)


def _files() -> Manifest:
    code = {path.name: path.read_text() for path in sorted((BENCH / "fake_provider").glob("*.py"))}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": code}


def _deployment() -> Manifest:
    command = ["python", "-m", "bench.fake_provider", "--host", "0.0.0.0", "--port", str(PORT)]
    pod = plain_pod(NAME, [*command, "--script", json.dumps(SCRIPT)])["spec"]
    pod["restartPolicy"] = "Always"
    pod["containers"][0] |= {
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"tcpSocket": {"port": PORT}},
        "volumeMounts": [{"name": "code", "mountPath": "/opt/lectern/app/bench/fake_provider"}],
    }
    pod["volumes"] = [{"name": "code", "configMap": {"name": NAME}}]
    template = {"metadata": {"labels": LABELS}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": spec}


def _service() -> Manifest:
    spec = {"selector": LABELS, "ports": [{"port": PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME}, "spec": spec}


def _policy() -> Manifest:
    inference = {"matchLabels": {"app.kubernetes.io/name": "lectern-inference", "app.kubernetes.io/part-of": "lectern"}}
    to_provider = {"to": [{"podSelector": {"matchLabels": LABELS}}], "ports": [{"port": PORT, "protocol": "TCP"}]}
    spec = {"podSelector": inference, "policyTypes": ["Egress"], "egress": [to_provider]}
    metadata = {"name": f"inference-to-{NAME}"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
