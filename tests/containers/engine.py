"""Podman with a configuration and a storage of its own: nothing of the machine's is read, changed or left behind."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".data" / "containers"
CGROUPS = Path("/sys/fs/cgroup")

_CONTAINERS = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "{running}/engine"
[network]
network_backend = "netavark"
network_config_dir = "{running}/networks"
"""
_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{kept}"
runroot = "{running}/storage"
"""


class EngineError(Exception):
    """What podman said when it failed."""


@dataclass(frozen=True)
class Engine:
    """`environment` is what podman, and whatever calls it, must be run with."""

    environment: Mapping[str, str]

    def run(self, *arguments: str, seconds: float = 120, check: bool = True) -> str:
        """What podman prints. Raises EngineError where it fails, unless `check` is off."""
        done = subprocess.run(
            ["podman", *arguments], env=self.environment, capture_output=True, text=True, timeout=seconds
        )
        if check and done.returncode:
            raise EngineError(f"podman {' '.join(arguments)}: {done.stderr[-3000:]}")
        return done.stdout.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        """Of a container or an image."""
        return dict(json.loads(self.run("inspect", name))[0])

    def has_image(self, name: str) -> bool:
        return bool(self.run("images", "-q", name))


@contextmanager
def engine() -> Iterator[Engine]:
    """Podman for a while. Images stay in .data; containers, networks, volumes and mounts go."""
    kept = FOLDER / "storage"
    kept.mkdir(parents=True, exist_ok=True)
    # Sockets lie in it, whose paths must be short.
    running = Path(tempfile.mkdtemp(prefix="lectern-"))
    for name, text in (("containers.conf", _CONTAINERS), ("storage.conf", _STORAGE)):
        (running / name).write_text(text.format(running=running, kept=kept))
    own = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"}
    podman = Engine({**os.environ, **{name: str(running / file) for name, file in own.items()}})
    podman.run("system", "renumber", check=False)  # after a run that was cut off
    _remove_all(podman)
    try:
        yield podman
    finally:
        _remove_all(podman)
        subprocess.run(["umount", str(kept / "overlay")], capture_output=True)
        shutil.rmtree(running, ignore_errors=True)
        for folder in (*CGROUPS.glob("*/libpod_parent"), CGROUPS / "libpod_parent"):
            if folder.is_dir() and not any(child.is_dir() for child in folder.iterdir()):
                folder.rmdir()


def _remove_all(podman: Engine) -> None:
    # Each pass removes those that no other one depends on any more.
    while left := podman.run("ps", "--all", "--external", "--quiet").split():
        podman.run("rm", "--force", "--time", "0", "--volumes", *left, check=False)
        if len(podman.run("ps", "--all", "--external", "--quiet").split()) == len(left):
            raise EngineError(f"containers that cannot be removed: {', '.join(left)}")
    podman.run("volume", "prune", "--force")
    podman.run("network", "prune", "--force")
