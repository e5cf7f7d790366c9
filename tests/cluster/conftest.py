"""A namespace of the cluster that KUBECONFIG names, with the umbrella and its trial in it, for all tests here.

LECTERN_IMAGE, LECTERN_IMAGE_NEXT, LECTERN_IMAGE_ENVOY, LECTERN_IMAGE_REDIS and LECTERN_IMAGE_MONGODB name other images
than the charts do; LECTERN_EDGE_URL says where the edge is, if not at the first node's address.
"""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.charts import assemble
from local.sample_course import Imported
from tests.cluster import provider
from tests.cluster.kubernetes import Cluster
from tests.cluster.releases import INSTALL_SECONDS, SECRET, Releases, whole_values
from tests.deployed import DeployedEdge
from tests.waiting import wait_for

NAMESPACE = "lectern-trial"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


@dataclass(frozen=True)
class System:
    """Lectern in the cluster, with the sample course in it."""

    cluster: Cluster
    releases: Releases
    edge: DeployedEdge
    sample: Imported


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("charts"))


@contextmanager
def namespace(name: str) -> Iterator[Cluster]:
    """A namespace for restricted pods alone, which ends with all that is in it."""
    for program in ("kubectl", "helm"):
        assert shutil.which(program), f"{program} is not on the path"
    assert os.environ.get("KUBECONFIG"), "KUBECONFIG must name the cluster: nothing is tried on one by accident"
    cluster = Cluster(name)
    cluster.kubectl("create", "namespace", name)
    try:
        cluster.kubectl("label", "namespace", name, RESTRICTED)
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", name, "--timeout", "400s", seconds=420)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with namespace(NAMESPACE) as ours:
        provider.install(ours)
        yield ours


@pytest.fixture(scope="session")
def releases(cluster: Cluster, charts: Path) -> Releases:
    """The umbrella, installed, with all pods ready."""
    installed, began = Releases(cluster, charts), time.monotonic()
    installed.install(whole_values())
    installed.settle(INSTALL_SECONDS)
    print(f"\n  {len(cluster.pods())} pods ready {time.monotonic() - began:.0f} s after helm install", flush=True)
    return installed


@pytest.fixture(scope="session")
def system(cluster: Cluster, releases: Releases) -> System:
    edge = edge_of(cluster)
    return System(cluster, releases, edge, asyncio.run(edge.import_sample()))


def edge_of(cluster: Cluster) -> DeployedEdge:
    """Reached from here by the Service, so that each connection goes to any instance; ready."""
    edge = DeployedEdge(os.environ.get("LECTERN_EDGE_URL") or node_port(cluster), SECRET)
    wait_for(f"the edge at {edge.url}", edge.is_ready, 60)
    return edge


def node_port(cluster: Cluster) -> str:
    [node, *_] = cluster.found("nodes")
    address = next(each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP")
    [service] = [each for each in cluster.found("services") if each["metadata"]["name"] == "lectern-edge"]
    return f"http://{address}:{service['spec']['ports'][0]['nodePort']}"
