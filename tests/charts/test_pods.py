"""What an operator adds to the pods arrives at every pod of every chart."""

from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from deploy.charts import SERVICES, SOURCE, assemble, rendered

Manifest = dict[str, Any]
WORKLOADS = ("Deployment", "Job")


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("charts"))


@pytest.fixture(scope="module", params=SERVICES)
def added(request: pytest.FixtureRequest, charts: Path) -> tuple[Manifest, list[Manifest]]:
    """The values of a chart with everything switched on, and what it renders by them."""
    values = yaml.safe_load((SOURCE / request.param / "ci" / "everything-values.yaml").read_text())
    return values, rendered(charts / request.param, values)


def test_labels_annotations_and_affinity_arrive_at_every_pod(added: tuple[Manifest, list[Manifest]]) -> None:
    values, documents = added
    templates = [each["spec"]["template"] for each in documents if each["kind"] in WORKLOADS]
    assert templates
    for template in templates:
        assert values["podLabels"].items() <= template["metadata"]["labels"].items()
        assert values["podAnnotations"].items() <= template["metadata"]["annotations"].items()
        assert template["spec"]["affinity"] == values["affinity"]


def test_environment_and_volumes_arrive_in_the_containers(added: tuple[Manifest, list[Manifest]]) -> None:
    values, documents = added
    for document in documents:
        if document["kind"] not in WORKLOADS:
            continue
        spec = document["spec"]["template"]["spec"]
        assert all(volume in spec["volumes"] for volume in values["extraVolumes"])
        for container in (spec["containers"][0], *spec.get("initContainers", ())):
            assert all(mount in container["volumeMounts"] for mount in values["extraVolumeMounts"])
            if container["name"] == "envoy":
                continue  # it is configured by a file, which the container before it writes
            assert all(source in container["envFrom"] for source in values["extraEnvFrom"])
            assert container["env"][-len(values["extraEnv"]) :] == values["extraEnv"], "the last one of a name holds"


def test_service_accounts_carry_the_annotations_of_an_identity(added: tuple[Manifest, list[Manifest]]) -> None:
    values, documents = added
    accounts = [each for each in documents if each["kind"] == "ServiceAccount"]
    assert accounts
    for account in accounts:
        assert account["metadata"]["annotations"] == values["serviceAccount"]["annotations"]
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", ["edge", "threads"])
def test_a_token_of_the_api_is_mounted_where_it_is_wanted(charts: Path, name: str) -> None:
    documents = rendered(charts / name, {"serviceAccount": {"automount": True}})
    for document in documents:
        if document["kind"] == "ServiceAccount":
            assert document["automountServiceAccountToken"] is True
        elif document["kind"] in WORKLOADS:
            assert document["spec"]["template"]["spec"]["automountServiceAccountToken"] is True


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"podLabels": {"app.kubernetes.io/name": "other"}}, "app.kubernetes.io/name"),
        ({"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}, "extraVolumes/0/name"),
        ({"extraVolumeMounts": [{"name": "authorities"}]}, "mountPath"),
        ({"affinity": {"nodeAfinity": {}}}, "nodeAfinity"),
        ({"serviceAccount": {"name": "other"}}, "name"),
    ],
)
def test_what_would_break_the_pods_is_refused_by_name(charts: Path, values: Manifest, key: str) -> None:
    with pytest.raises(helm.HelmError) as refused:
        rendered(charts / "threads", values)
    assert key in str(refused.value)
