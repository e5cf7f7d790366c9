"""Everything that differs between one edge and another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kit.older_settings import public_port

PORT = 8080
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Endpoint:
    host: str
    port: int


@dataclass(frozen=True)
class Upstream:
    """The instances of a service: listed, or (`resolved`) all addresses that a DNS name has."""

    endpoints: tuple[Endpoint, ...]
    resolved: bool = False


@dataclass(frozen=True)
class SharedSecret:
    """Tokens are signed by HS256 with a secret that the edge knows."""

    secret: str


@dataclass(frozen=True)
class PublishedKeys:
    """Tokens are signed by keys that are published as a JWKS."""

    url: str

    @property
    def endpoint(self) -> Endpoint:
        """Where the keys are fetched."""
        parts = urlsplit(self.url)
        return Endpoint(parts.hostname or "", parts.port or (443 if self.tls else 80))

    @property
    def tls(self) -> bool:
        """Whether the keys are fetched over TLS."""
        return urlsplit(self.url).scheme == "https"


@dataclass(frozen=True)
class Identity:
    """What the edge shows to services and checks theirs by; all three are files."""

    certificate: str
    private_key: str
    authority: str


@dataclass(frozen=True)
class EdgeConfig:
    """The settings of one Envoy; see `from_environment` for the variables."""

    listen: Endpoint
    admin: Endpoint
    gateway: Upstream
    gateway_http: Upstream
    threads: Upstream
    context: Upstream
    inference: Upstream
    tokens: SharedSecret | PublishedKeys
    descriptors: str
    issuer: str = "lectern"
    audience: str = "lectern"
    metrics: Endpoint | None = None
    otlp: Endpoint | None = None
    traced_percent: float = 100
    cors_origins: tuple[str, ...] = ()
    trusted_hops: int = 0
    certificate: str = ""
    private_key: str = ""
    mutual_tls: Identity | None = None
    heap_bytes: int = 512 * 1024 * 1024
    connections: int = 20_000
    calls_per_address: int = 0
    health_seconds: float = 2.0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "EdgeConfig":
        """The configuration that the environment describes; a missing variable raises KeyError with its name."""
        metrics = environ.get("LECTERN_EDGE_METRICS_LISTEN", "")
        jwks, otlp = environ.get("LECTERN_JWT_JWKS_URL", ""), environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        return cls(
            listen=endpoint(environ.get("LECTERN_EDGE_LISTEN") or f"0.0.0.0:{public_port(environ) or PORT}"),
            admin=endpoint(environ.get("LECTERN_EDGE_ADMIN_LISTEN", "127.0.0.1:9901")),
            gateway=upstream(environ["LECTERN_GATEWAY_TARGET"]),
            gateway_http=upstream(environ["LECTERN_GATEWAY_HTTP_TARGET"]),
            threads=upstream(environ["LECTERN_THREADS_TARGET"]),
            context=upstream(environ["LECTERN_CONTEXT_TARGET"]),
            inference=upstream(environ["LECTERN_INFERENCE_TARGET"]),
            tokens=PublishedKeys(jwks) if jwks else SharedSecret(environ["LECTERN_JWT_SECRET"]),
            descriptors=environ.get("LECTERN_EDGE_DESCRIPTORS", "/etc/envoy/descriptors.binpb"),
            issuer=environ.get("LECTERN_JWT_ISSUER", cls.issuer),
            audience=environ.get("LECTERN_JWT_AUDIENCE", cls.audience),
            metrics=endpoint(metrics) if metrics else None,
            otlp=endpoint(urlsplit(otlp).netloc or otlp) if otlp else None,
            traced_percent=float(environ.get("LECTERN_EDGE_TRACED_PERCENT") or _traced_percent(environ)),
            cors_origins=tuple(filter(None, environ.get("LECTERN_CORS_ORIGINS", "").split(","))),
            trusted_hops=int(environ.get("LECTERN_EDGE_TRUSTED_HOPS", cls.trusted_hops)),
            certificate=environ.get("LECTERN_EDGE_CERTIFICATE", ""),
            private_key=environ.get("LECTERN_EDGE_PRIVATE_KEY", ""),
            mutual_tls=_identity(environ),
            heap_bytes=_heap_bytes(environ),
            connections=int(environ.get("LECTERN_EDGE_CONNECTIONS", cls.connections)),
            calls_per_address=int(environ.get("LECTERN_EDGE_CALLS_PER_ADDRESS", cls.calls_per_address)),
            health_seconds=float(environ.get("LECTERN_EDGE_HEALTH_SECONDS", cls.health_seconds)),
        )


def _heap_bytes(environ: Mapping[str, str]) -> int:
    """Half of the memory that it may take, where that is known: what it holds beside its heap must not kill it."""
    memory = int(environ.get("LECTERN_EDGE_MEMORY_BYTES") or 2 * EdgeConfig.heap_bytes)
    return int(environ.get("LECTERN_EDGE_HEAP_BYTES") or memory // 2)


def _traced_percent(environ: Mapping[str, str]) -> float:
    """The services' share where spans are kept, nothing where nobody would read them; trace ids are passed on."""
    kept = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environ.get("LECTERN_TRACE_FILE")
    return float(environ.get("LECTERN_TRACE_RATIO") or 1) * EdgeConfig.traced_percent if kept else 0.0


def _identity(environ: Mapping[str, str]) -> Identity | None:
    certificate = environ.get("LECTERN_TLS_CERTIFICATE", "")
    if not certificate:
        return None
    return Identity(certificate, environ["LECTERN_TLS_PRIVATE_KEY"], environ["LECTERN_TLS_AUTHORITY"])


def endpoint(address: str) -> Endpoint:
    """`host:port` as an endpoint."""
    host, _, port = address.rpartition(":")
    return Endpoint(host.strip("[]"), int(port))


def upstream(target: str) -> Upstream:
    """A gRPC target (`host:port`, `ipv4:a:1,b:2` or `dns:///name:port`) as an upstream."""
    listed = target.removeprefix("ipv4:")
    if listed != target or re.fullmatch(r"[\d.]+:\d+", target):
        return Upstream(tuple(endpoint(address) for address in listed.split(",")))
    return Upstream((endpoint(target.removeprefix("dns:").lstrip("/")),), resolved=True)
