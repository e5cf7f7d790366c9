"""Who makes the secret, and who reads it."""

from pathlib import Path

import pytest

from deploy.charts import SERVICES, UMBRELLA, rendered
from tests.charts.manifests import Manifest, by_kind, pods

EXTERNAL = {"secrets": {"external": {"enabled": True}}}


def read(documents: list[Manifest]) -> set[str]:
    """The names of all secrets that containers and scalers take values from."""
    names = {
        each["secretRef"]["name"]
        for _, spec in pods(documents)
        for container in spec["containers"]
        for each in container.get("envFrom", ())
    }
    names |= {
        each["valueFrom"]["secretKeyRef"]["name"]
        for _, spec in pods(documents)
        for container in spec.get("initContainers", ())
        for each in container.get("env", ())
        if "secretKeyRef" in each.get("valueFrom", ())
    }
    return names | {
        each["name"]
        for one in by_kind(documents, "TriggerAuthentication").values()
        for each in one["spec"]["secretTargetRef"]
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_release_makes_the_secret_that_it_reads_where_there_is_a_store(charts: Path, name: str) -> None:
    documents = rendered(charts / name, EXTERNAL)
    [made] = by_kind(documents, "ExternalSecret").values()
    assert read(documents) == {made["spec"]["target"]["name"]}
    assert read(rendered(charts / name, {})) == {"lectern"}


def test_releases_beside_each_other_and_the_umbrella_share_no_external_secret(charts: Path) -> None:
    apart = [by_kind(rendered(charts / name, EXTERNAL), "ExternalSecret") for name in SERVICES]
    names = [name for one in apart for name in one]
    targets = [each["spec"]["target"]["name"] for one in apart for each in one.values()]
    assert len(set(names)) == len(set(targets)) == len(SERVICES)
    together = [
        each["metadata"]["name"]
        for each in rendered(charts / UMBRELLA, dict.fromkeys(SERVICES, EXTERNAL))
        if each["kind"] == "ExternalSecret"
    ]
    assert sorted(together) == sorted(names)


@pytest.mark.parametrize("name", [*SERVICES, UMBRELLA])
def test_no_release_renders_one_thing_twice(charts: Path, name: str) -> None:
    values = dict.fromkeys(SERVICES, EXTERNAL) if name == UMBRELLA else EXTERNAL
    found = [(each["kind"], each["metadata"]["name"]) for each in rendered(charts / name, values)]
    assert sorted(found) == sorted(set(found))
