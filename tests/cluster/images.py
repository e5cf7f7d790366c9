"""Which images a cluster is given: those that the charts name, unless the environment names others."""

import os
from typing import Any

Values = dict[str, Any]


def lectern() -> str:
    """The image of Lectern, by LECTERN_IMAGE; the cluster must have it or be able to pull it."""
    return os.environ.get("LECTERN_IMAGE", "ghcr.io/lectern/lectern:0.1.0")


def next_lectern() -> str:
    """What services are upgraded to, by LECTERN_IMAGE_NEXT; the same image where there is no other."""
    return os.environ.get("LECTERN_IMAGE_NEXT", lectern())


def values_of_lectern(image: str) -> Values:
    """The value `image` of a chart."""
    repository, _, tag = image.rpartition(":")
    return {"image": {"repository": repository, "tag": tag}}


def values_of_envoy() -> Values:
    """The value `envoy` of the edge, by LECTERN_IMAGE_ENVOY."""
    image = os.environ.get("LECTERN_IMAGE_ENVOY")
    return {"envoy": values_of_lectern(image)} if image else {}


def values_of_stores() -> Values:
    """The images of a trial's Redis and MongoDB, by LECTERN_IMAGE_REDIS and LECTERN_IMAGE_MONGODB."""
    named = {name: os.environ.get(f"LECTERN_IMAGE_{name.upper()}") for name in ("redis", "mongodb")}
    return {name: image for name, image in named.items() if image}
