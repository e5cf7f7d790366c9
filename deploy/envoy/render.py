"""Renders the edge's configuration and the descriptors that it transcodes by."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.envoy.config import ROOT, EdgeConfig, PublishedKeys, SharedSecret, Upstream
from deploy.envoy.contract import Contract, public_contract, with_error_details
from deploy.envoy.errors import ERRORS, REFUSALS
from kit.auth.keys import FRESH_SECONDS
from kit.auth.tokens import CLOCK_SKEW_SECONDS

DESCRIPTORS = ROOT / "gen" / "descriptors.binpb"
_TEMPLATES = Path(__file__).with_name("templates")

# In bytes. A transcript may have 20 MB, and JSON escapes make it longer.
_LIMITS = {"json": 2 * 1024**2, "transcript": 32 * 1024**2}

# What the gateway serves over HTTP. For `own_checks`, `/session` and `/admin` it asks for the token itself; the rest
# holds no data. Names below `users` alone may have escaped slashes in them.
_HTTP = {
    "ready": "/ready",
    "users": "/v1/users/",
    "pages": ("/", "/favicon.ico", "/openapi.json", "/session"),
    "page_folders": ("/playground", "/static", "/console", "/docs", "/admin"),
    "own_checks": ("/socket.io", "/openai", "/api"),
}

# What a client's x-request-id may be: as the gateway's HTTP face checks it, and what logs and searches take unquoted.
_REQUEST_ID = r"[A-Za-z0-9._~:/+=@-]{1,128}"

# How clients write the scheme of their token's header.
_BEARER = ("Bearer", "bearer", "BEARER")

# RPCs whose requests may carry a whole transcript; everything else fits a few kilobytes.
_LARGE_REQUESTS = ("/lectern.context.v1.CourseService/ImportVideo",)


@dataclass(frozen=True)
class Cluster:
    """How Envoy reaches one upstream.

    `sticky` ones send a client to the same instance each time, `by_user` ones unless it is busier than the others: what
    an instance knows of a user's threads spares it a look, and nothing depends on it.
    """

    name: str
    upstream: Upstream
    grpc: bool = True
    sticky: bool = False
    by_user: bool = False


def render(config: EdgeConfig, descriptors: FileDescriptorSet) -> str:
    """Envoy's configuration as YAML."""
    contract = public_contract(descriptors)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML, not HTML; values pass through the JSON filter
    )
    return environment.get_template("envoy.yaml.j2").render(
        config=config,
        contract=contract,
        clusters=tuple(_clusters(config)),
        errors=ERRORS,
        refusals=REFUSALS,
        limits=_LIMITS,
        http=_HTTP,
        request_id=_REQUEST_ID,
        bearer=_BEARER,
        clock_skew_seconds=CLOCK_SKEW_SECONDS,
        fresh_key_seconds=round(FRESH_SECONDS),
        large=tuple(_large_paths(contract)),
        local_keys=_inline_keys(config.tokens) if isinstance(config.tokens, SharedSecret) else "",
        remote_keys=config.tokens if isinstance(config.tokens, PublishedKeys) else None,
    )


def write(config: EdgeConfig, target: Path, descriptors: Path = DESCRIPTORS) -> None:
    """Write the configuration to `target`, and the descriptors to where it says that they are."""
    contract = FileDescriptorSet.FromString(descriptors.read_bytes())
    Path(config.descriptors).write_bytes(with_error_details(contract).SerializeToString())
    # The shared secret stands in it: nobody else reads it.
    target.touch(mode=0o600)
    target.write_text(render(config, contract))


def _clusters(config: EdgeConfig) -> Iterator[Cluster]:
    for name in ("gateway", "threads", "context", "inference"):
        yield Cluster(name, getattr(config, name), by_user=name == "gateway")
    yield Cluster("gateway_http", config.gateway_http, grpc=False, by_user=True)
    yield Cluster("gateway_sticky", config.gateway_http, grpc=False, sticky=True)


def _large_paths(contract: Contract) -> Iterator[str]:
    for path in _LARGE_REQUESTS:
        yield from contract.method(path).rest


def _inline_keys(tokens: SharedSecret) -> str:
    encoded = base64.urlsafe_b64encode(tokens.secret.encode()).decode().rstrip("=")
    return json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "k": encoded}]})
