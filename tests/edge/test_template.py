"""The one template, rendered as each kind of installation needs it, and judged by Envoy itself."""

import subprocess
from pathlib import Path

import pytest
import yaml
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from lectern.auth.v1 import access_pb2

from deploy.envoy.config import EdgeConfig, Endpoint, Upstream, upstream
from deploy.envoy.contract import ContractError, public_contract, with_error_details
from deploy.envoy.render import DESCRIPTORS, render, write
from local import binaries

LOCAL = {
    "LECTERN_EDGE_LISTEN": "127.0.0.1:8080",
    "LECTERN_GATEWAY_TARGET": "127.0.0.1:1",
    "LECTERN_GATEWAY_HTTP_TARGET": "127.0.0.1:2",
    "LECTERN_THREADS_TARGET": "ipv4:127.0.0.1:3,127.0.0.1:4",
    "LECTERN_CONTEXT_TARGET": "127.0.0.1:5",
    "LECTERN_INFERENCE_TARGET": "127.0.0.1:6",
    "LECTERN_JWT_SECRET": "secret",
}
CLUSTER = LOCAL | {
    "LECTERN_EDGE_LISTEN": "0.0.0.0:8443",
    "LECTERN_GATEWAY_TARGET": "dns:///gateway.lectern:50051",
    "LECTERN_JWT_JWKS_URL": "https://id.example.org/keys",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317",
    "LECTERN_CORS_ORIGINS": "https://a.example.org,https://b.example.org",
    "LECTERN_EDGE_TRUSTED_HOPS": "1",
    "LECTERN_EDGE_METRICS_LISTEN": "0.0.0.0:9464",
}


def descriptors() -> FileDescriptorSet:
    return FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())


@pytest.mark.parametrize("environ", [LOCAL, CLUSTER], ids=["local", "cluster"])
def test_envoy_accepts_what_is_rendered(environ: dict[str, str], tmp_path: Path) -> None:
    config = EdgeConfig.from_environment(environ | {"LECTERN_EDGE_DESCRIPTORS": str(tmp_path / "descriptors.binpb")})
    write(config, tmp_path / "envoy.yaml")
    command = [str(binaries.envoy()), "--mode", "validate", "-c", str(tmp_path / "envoy.yaml"), "--log-level", "warn"]
    judged = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert judged.returncode == 0, judged.stderr
    assert "eprecated" not in judged.stderr


def test_tls_is_served_where_a_certificate_is_given() -> None:
    files = {"LECTERN_EDGE_CERTIFICATE": "/tls/tls.crt", "LECTERN_EDGE_PRIVATE_KEY": "/tls/tls.key"}
    document = yaml.safe_load(render(EdgeConfig.from_environment(CLUSTER | files), descriptors()))
    chain = document["static_resources"]["listeners"][0]["filter_chains"][0]
    served = chain["transport_socket"]["typed_config"]["common_tls_context"]["tls_certificates"][0]
    assert served["certificate_chain"] == {"filename": "/tls/tls.crt"}


def test_only_the_owner_reads_the_configuration(tmp_path: Path) -> None:
    config = EdgeConfig.from_environment(LOCAL | {"LECTERN_EDGE_DESCRIPTORS": str(tmp_path / "descriptors.binpb")})
    write(config, tmp_path / "envoy.yaml")
    assert (tmp_path / "envoy.yaml").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("told", "percent"),
    [
        ({}, 0),
        ({"LECTERN_TRACE_RATIO": "0.2"}, 0),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, 100),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "LECTERN_TRACE_RATIO": "0.2"}, 20),
        ({"LECTERN_TRACE_RATIO": "0.2", "LECTERN_EDGE_TRACED_PERCENT": "1"}, 1),
    ],
)
def test_the_edge_keeps_the_services_share_of_traces(told: dict[str, str], percent: float) -> None:
    assert EdgeConfig.from_environment(LOCAL | told).traced_percent == percent


@pytest.mark.parametrize(
    ("told", "mebibytes"),
    [
        ({}, 512),
        ({"LECTERN_EDGE_MEMORY_BYTES": "268435456"}, 128),
        ({"LECTERN_EDGE_MEMORY_BYTES": "268435456", "LECTERN_EDGE_HEAP_BYTES": "67108864"}, 64),
    ],
)
def test_the_heap_leaves_room_in_the_memory(told: dict[str, str], mebibytes: int) -> None:
    document = yaml.safe_load(render(EdgeConfig.from_environment(LOCAL | told), descriptors()))
    [monitor] = document["overload_manager"]["resource_monitors"][:1]
    assert monitor["typed_config"]["max_heap_size_bytes"] == mebibytes * 1024 * 1024


def test_a_lost_question_to_a_resolver_does_not_keep_the_edge_from_serving() -> None:
    """By the default of five seconds, two that were lost delayed a start by 5.1 s and four by 14.1; now 1.1 and 2.4."""
    resolver = yaml.safe_load(render(EdgeConfig.from_environment(CLUSTER), descriptors()))["typed_dns_resolver_config"]
    assert resolver["typed_config"]["query_timeout_seconds"] == 1


def test_published_keys_and_a_shared_secret_are_never_mixed() -> None:
    text = render(EdgeConfig.from_environment(CLUSTER), descriptors())
    assert "remote_jwks" in text
    assert "local_jwks" not in text


def test_every_public_service_has_a_route_and_no_internal_one() -> None:
    text = render(EdgeConfig.from_environment(LOCAL), descriptors())
    services = {f"{file.package}.{service.name}" for file in descriptors().file for service in file.service}
    internal = {
        "lectern.threads.v1.TurnService",
        "lectern.threads.v1.RecordService",
        "lectern.context.v1.GroundingService",
        "lectern.context.v1.UserDataService",
        "lectern.inference.v1.UserDataService",
        "lectern.inference.v1.GenerationService",
    }
    assert {name for name in services if f"/{name}/" in text} == services - internal


def test_each_stream_has_a_route_that_does_not_end_it() -> None:
    document = yaml.safe_load(render(EdgeConfig.from_environment(LOCAL), descriptors()))
    manager = document["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    by_path = {route["match"]["path"]: route["route"] for route in routes if "path" in route["match"]}
    streams = [method.path for method in public_contract(descriptors()).methods if method.streams]
    assert "/lectern.chat.v1.ChatService/StreamTurn" in streams
    assert {by_path[path]["timeout"] for path in streams} == {"0s"}
    [original] = [route["route"] for route in routes if "/original" in str(route["match"])]
    assert (original["timeout"], original["idle_timeout"]) == ("0s", "300s")


def test_a_service_that_mixes_public_and_internal_methods_is_refused() -> None:
    mixed = descriptors()
    service = next(service for file in mixed.file for service in file.service if service.name == "TurnService")
    service.method[0].options.Extensions[access_pb2.access] = access_pb2.ACCESS_USER
    with pytest.raises(ContractError, match="TurnService mixes"):
        public_contract(mixed)


def test_a_method_without_a_rule_is_refused() -> None:
    bare = descriptors()
    service = next(service for file in bare.file for service in file.service if service.name == "HealthService")
    service.method[0].options.ClearExtension(access_pb2.access)
    with pytest.raises(ContractError, match="GetHealth declares no access rule"):
        public_contract(bare)


def test_descriptors_carry_the_details_of_errors_once() -> None:
    names = [file.name for file in with_error_details(with_error_details(descriptors())).file]
    assert names.count("google/rpc/error_details.proto") == 1


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("127.0.0.1:1", Upstream((Endpoint("127.0.0.1", 1),))),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", Upstream((Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 2)))),
        ("dns:///threads.lectern:50052", Upstream((Endpoint("threads.lectern", 50052),), resolved=True)),
        ("threads:50052", Upstream((Endpoint("threads", 50052),), resolved=True)),
    ],
)
def test_targets_are_understood_as_grpc_does(target: str, expected: Upstream) -> None:
    assert upstream(target) == expected
