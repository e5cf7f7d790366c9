"""Kubernetes' own resources held against the schemas of its versions."""

from collections.abc import Mapping
from typing import Any

import kubernetes_validate

# The oldest version that the charts allow, and the newest one that they ran on.
VERSIONS = ("1.30", "1.36")


def fault(document: Mapping[str, Any]) -> str | None:
    """What one of the versions has against a manifest, unknown fields included; None if nothing."""
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as refused:
            return f"Kubernetes {version}: {'/'.join(map(str, refused.path))}: {refused.message}"
        except kubernetes_validate.SchemaNotFoundError:
            return f"Kubernetes {version} does not know {document['kind']} of {document['apiVersion']}"
    return None
