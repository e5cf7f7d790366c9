"""Clients in JavaScript, run by Node from `tests/node`."""

import asyncio
import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "node"


async def start_node(script: str, **arguments: Any) -> asyncio.subprocess.Process:
    """A script under way; it gets the arguments as JSON in `process.argv[2]`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not on this machine")
    await asyncio.to_thread(install)
    return await asyncio.create_subprocess_exec(
        node, FOLDER / script, json.dumps(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


async def run_node(script: str, **arguments: Any) -> Any:
    """What the script prints as JSON."""
    process = await start_node(script, **arguments)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def install() -> None:
    """Installs what the lock file names, once for all tests that run at the same time."""
    mark, lock = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    with (FOLDER / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
