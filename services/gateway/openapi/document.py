"""The whole document: the contract's operations, and those endpoints that are HTTP alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kit import VERSION
from services.gateway.openapi.contract import Contract
from services.gateway.openapi.errors import STATUS, shared_responses
from services.gateway.openapi.operations import Operations

ABOUT = """Ask about a lecture and get an answer that is grounded in it and cited to the second.

Every operation under `/v1` is the transcoding of an RPC: the same names and meanings hold for gRPC on the same port.
JSON is proto JSON: lowerCamelCase out, both spellings in, and fields without a value are left out.
"""
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "With `sub` (user), `org` (tenant) and `roles`; `make token` prints one for the local stack.",
}


@dataclass(frozen=True)
class Fragment:
    """What a module of endpoints tells of itself."""

    tag: str
    about: str
    paths: dict[str, dict[str, Any]]
    schemas: dict[str, Any] = field(default_factory=dict)


def document(contract: Contract, fragments: Iterable[Fragment] = ()) -> dict[str, Any]:
    """OpenAPI 3.1."""
    operations = Operations(contract)
    paths, tags = operations.paths(), operations.tags()
    schemas = {**operations.schemas.components, "Status": STATUS}
    for fragment in fragments:
        for path, methods in fragment.paths.items():
            paths[path] = _joined(paths.get(path, {}), methods)
        tags.append({"name": fragment.tag, "description": fragment.about})
        schemas |= fragment.schemas
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lectern", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": shared_responses(),
            "securitySchemes": {"bearer": BEARER},
        },
    }


def _joined(known: dict[str, Any], methods: dict[str, Any]) -> dict[str, Any]:
    """The methods of a path; of one that has the method already, a fragment tells of further bodies."""
    joined = dict(known)
    for name, operation in methods.items():
        if name in known:
            content = known[name]["requestBody"]["content"] | operation["requestBody"]["content"]
            joined[name] = {**known[name], "requestBody": {**known[name]["requestBody"], "content": content}}
        else:
            joined[name] = operation
    return joined
