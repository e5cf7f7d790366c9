"""How tests look at rendered manifests."""

from collections.abc import Iterator
from typing import Any

Manifest = dict[str, Any]


def by_kind(documents: list[Manifest], kind: str) -> dict[str, Manifest]:
    """The manifests of a kind, by name."""
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def pod_templates(documents: list[Manifest]) -> dict[str, Manifest]:
    """What each workload makes its pods of: metadata and spec."""
    kinds = ("Deployment", "StatefulSet", "Job")
    return {each["metadata"]["name"]: each["spec"]["template"] for each in documents if each["kind"] in kinds}


def pods(documents: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The name and spec of every pod, those of tests among them."""
    for name, template in pod_templates(documents).items():
        yield name, template["spec"]
    for name, pod in by_kind(documents, "Pod").items():
        yield name, pod["spec"]


def settings(container: Manifest) -> dict[str, str]:
    """The environment of a container, without what is taken from elsewhere."""
    return {each["name"]: each["value"] for each in container.get("env", ()) if "value" in each}
