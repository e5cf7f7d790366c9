"""Kubernetes' own resources held against the schemas of its versions, which `kubernetes_validate` carries."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

# The oldest version that the charts allow, and the newest one that they ran on.
VERSIONS = ("1.30", "1.36")

_SCHEMAS = files("kubernetes_validate") / "kubernetes-json-schema"
_DOMAIN = re.compile(r"^([^./]*)(?:\.[^/]*)?/")


def fault(document: Mapping[str, Any]) -> str | None:
    """What one of the versions has against a manifest, unknown fields included; None if nothing."""
    for version in VERSIONS:
        validator = _validator(version, document["kind"], document["apiVersion"])
        if validator is None:
            return f"Kubernetes {version} does not know {document['kind']} of {document['apiVersion']}"
        if wrong := best_match(validator.iter_errors(document)):
            return f"Kubernetes {version}: /{'/'.join(map(str, wrong.path))}: {wrong.message}"
    return None


@cache
def _validator(version: str, kind: str, api_version: str) -> Draft202012Validator | None:
    # The definitions are megabytes: the package's own function reads them again for each resource.
    name = _DOMAIN.sub(r"\1-", api_version)
    file = _SCHEMAS / _folder(version) / f"{kind.lower()}-{name}.json"
    if not file.is_file():
        return None
    return Draft202012Validator(json.loads(file.read_text()), registry=_definitions(version))


@cache
def _definitions(version: str) -> "Registry[Any]":
    definitions = json.loads((_SCHEMAS / _folder(version) / "_definitions.json").read_text())
    return Resource.from_contents(definitions) @ Registry()


def _folder(version: str) -> str:
    return f"v{version}.0-local-strict"
