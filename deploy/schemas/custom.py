"""Custom resources held against their schemas, which npm's `@kubernetes-models` carries as compiled validators."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SECONDS = 120

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """Where the schemas of an API group are: a package of npm's, made from a release of the group's project."""

    package: str
    project: str


# The releases stand in the go.mod of each package's source, for the versions that package.json pins.
SOURCES = {
    "keda.sh": Source("keda", "KEDA 2.19.0"),
    "cert-manager.io": Source("cert-manager", "cert-manager 1.20.2"),
    "external-secrets.io": Source("external-secrets", "External Secrets 0.16.2"),
    "gateway.networking.k8s.io": Source("gateway-api", "Gateway API 1.5.1"),
    "monitoring.coreos.com": Source("prometheus-operator", "Prometheus operator 0.91.0"),
}

# The groups of Kubernetes itself that may be used; any other one is a custom resource's, and needs a source.
NATIVE = frozenset({"", "apps", "autoscaling", "batch", "networking.k8s.io", "policy"})


def group(document: Manifest) -> str:
    """The API group of a manifest, empty for the core."""
    head, slash, _ = str(document["apiVersion"]).partition("/")
    return head if slash else ""


def schema(name: str) -> str:
    """What the resources of a group are held against."""
    return SOURCES[name].project if name in SOURCES else "none"


def is_custom(document: Manifest) -> bool:
    return group(document) not in NATIVE


def faults(documents: Sequence[Manifest]) -> list[list[str]]:
    """For each custom resource what its schema has against it, with the path of the field; an unknown kind is a fault.

    Fields that the schema does not name are faults too. Rules in CEL, which Kubernetes asks beside the schema, are not
    looked at.
    """
    known = [each for each in documents if group(each) in SOURCES]
    found = iter(_asked([{"package": SOURCES[group(each)].package, "document": each} for each in known]))
    return [
        next(found) if group(each) in SOURCES else [f"no schema is known for {each['kind']} of {each['apiVersion']}"]
        for each in documents
    ]


def install() -> None:
    """Installs what the lock file names, once for all that ask at the same time."""
    mark, lock = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    with (FOLDER / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
            # The packages ask for a newer Node.js than their validators need.
            command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"]
            subprocess.run(command, cwd=FOLDER, check=True, capture_output=True)  # noqa: S603 - no input in it
            mark.touch()


def _asked(questions: list[dict[str, Any]]) -> list[list[str]]:
    if not questions:
        return []
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("custom resources are checked by Node.js, which is not on this machine")
    install()
    process = subprocess.run(  # noqa: S603 - a script of ours, by the Node.js of the machine
        [node, FOLDER / "faults.js"],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if process.returncode:
        raise RuntimeError(f"the schemas could not be asked: {process.stderr}")
    answers: list[list[str]] = json.loads(process.stdout)
    return answers
