"""On what and of what a measurement was made, for the file that is kept."""

import os
import platform
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import orjson
import psutil

from bench.peers.install import FOLDER

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / ".data" / "bench"
PACKAGES = ("grpcio", "openai", "pymongo", "redis", "dramatiq", "uvloop", "aiohttp", "protobuf")
NODE_PEERS = ("@portkey-ai/gateway", "socket.io", "@socket.io/redis-adapter")


def described() -> dict[str, Any]:
    """Date, machine and versions."""
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "commit": _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "changed": bool(_said("git", "-C", str(ROOT), "status", "--porcelain")),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
            "load_average": os.getloadavg(),
            "kernel": platform.release(),
        },
        "versions": {"python": platform.python_version(), **_packages(), **_peers()},
    }


def keep(name: str, body: Mapping[str, Any]) -> Path:
    """The file that a measurement was kept in."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_bytes(orjson.dumps({**described(), **body}, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
    return path


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _peers() -> dict[str, str]:
    found = {"node": _said("node", "--version")}
    for folder in (FOLDER / "python").glob("lib/*/site-packages/litellm-[0-9]*.dist-info"):
        found["litellm"] = folder.name.removeprefix("litellm-").removesuffix(".dist-info")
    for name in NODE_PEERS:
        told = FOLDER / "node" / "node_modules" / name / "package.json"
        if told.exists():
            found[name] = orjson.loads(told.read_bytes())["version"]
    return found


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""
