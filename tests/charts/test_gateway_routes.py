"""The edge's routes of the Gateway API, by the rules of its specification and by the contract."""

from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from deploy.charts import SOURCE, assemble, rendered
from deploy.envoy.contract import public_contract
from deploy.envoy.render import DESCRIPTORS

Manifest = dict[str, Any]
PARENT = {"name": "public"}
BESIDE_THE_CONTRACT = {
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("charts")) / "edge"


def routes(edge: Path, values: Path) -> dict[str, Manifest]:
    """What the edge renders by a file of values, by kind."""
    return {each["kind"]: each for each in rendered(edge, yaml.safe_load(values.read_text()))}


def public_services() -> set[str]:
    contract = public_contract(FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()))
    return {service.name for service in contract.services} | BESIDE_THE_CONTRACT


def port(service: Manifest, number: int) -> Manifest:
    (found,) = (each for each in service["spec"]["ports"] if each["port"] == number)
    return dict(found)


def test_grpc_on_hosts_of_its_own_has_a_route_of_its_own(edge: Path) -> None:
    found = routes(edge, SOURCE / "edge" / "ci" / "gateway-values.yaml")
    http, grpc, service = found["HTTPRoute"], found["GRPCRoute"], found["Service"]
    assert http["spec"]["hostnames"] == ["lectern.example.org", "*.courses.example.org"]
    assert grpc["spec"]["hostnames"] == ["grpc.example.org"]
    assert http["spec"]["parentRefs"] == grpc["spec"]["parentRefs"]
    assert {each["method"]["service"] for each in grpc["spec"]["rules"][0]["matches"]} == public_services()
    assert len(grpc["spec"]["rules"][0]["matches"]) <= 64
    (rule,) = http["spec"]["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    for route, protocol in ((http, None), (grpc, "kubernetes.io/h2c")):
        (end,) = route["spec"]["rules"][0]["backendRefs"]
        assert end["name"] == service["metadata"]["name"]
        assert port(service, end["port"]).get("appProtocol") == protocol
        assert port(service, end["port"])["targetPort"] == "http"


def test_on_one_host_a_single_route_leads_grpc_to_the_port_that_speaks_http_2(edge: Path) -> None:
    found = routes(edge, SOURCE / "edge" / "values-gateway.yaml")
    assert "GRPCRoute" not in found, "a Gateway would accept one of the two"
    grpc, rest = found["HTTPRoute"]["spec"]["rules"]
    assert {each["path"]["value"].removeprefix("/") for each in grpc["matches"]} == public_services()
    assert port(found["Service"], grpc["backendRefs"][0]["port"])["appProtocol"] == "kubernetes.io/h2c"
    # Sockets upgrade over HTTP/1.1.
    assert "appProtocol" not in port(found["Service"], rest["backendRefs"][0]["port"])


@pytest.mark.parametrize("values", ["values-gateway.yaml", "ci/gateway-values.yaml"])
def test_no_gateway_ends_a_stream(edge: Path, values: str) -> None:
    for rule in routes(edge, SOURCE / "edge" / values)["HTTPRoute"]["spec"]["rules"]:
        assert rule["timeouts"] == {"request": "0s", "backendRequest": "0s"}


def test_without_the_switch_there_is_one_port_and_no_route(edge: Path) -> None:
    found = routes(edge, SOURCE / "edge" / "ci" / "default-values.yaml")
    assert [each["name"] for each in found["Service"]["spec"]["ports"]] == ["http"]
    assert not {"HTTPRoute", "GRPCRoute"} & found.keys()


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"hostnames": ["a.example.org"]}, "gatewayApi.parentRefs"),
        ({"parentRefs": [PARENT]}, "gatewayApi.hostnames"),
        ({"parentRefs": [PARENT], "hostnames": ["a.b"], "grpcHostnames": ["a.b"]}, "a.b meets a.b"),
        ({"parentRefs": [PARENT], "hostnames": ["*.b"], "grpcHostnames": ["c.a.b"]}, "c.a.b meets *.b"),
        ({"parentRefs": [PARENT], "hostnames": ["c.a.b"], "grpcHostnames": ["*.a.b"]}, "*.a.b meets c.a.b"),
        ({"parentRefs": [{"names": "public"}], "hostnames": ["a.b"]}, "names"),
        ({"parentRefs": [PARENT], "hostnames": ["https://a.b"]}, "hostnames/0"),
    ],
)
def test_routes_that_no_gateway_would_accept_are_refused_by_name(edge: Path, values: Manifest, key: str) -> None:
    with pytest.raises(helm.HelmError) as refused:
        rendered(edge, {"gatewayApi": {"enabled": True, **values}})
    assert key in str(refused.value)


def test_hosts_that_only_end_alike_are_apart(edge: Path) -> None:
    values = {"parentRefs": [PARENT], "hostnames": ["*.b.org"], "grpcHostnames": ["ab.org", "b.org"]}
    kinds = {each["kind"] for each in rendered(edge, {"gatewayApi": {"enabled": True, **values}})}
    assert {"HTTPRoute", "GRPCRoute"} <= kinds
