"""A peer as a running server, ended by the process that started it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from local.child import tethered

START_SECONDS = 300.0  # two workers import for half a minute on a quiet machine
STOP_SECONDS = 10.0


class PeerStartError(Exception):
    """A peer that did not come up; the message ends with its last lines."""


@dataclass(frozen=True)
class Peer:
    """A running gateway that speaks OpenAI's API; `pid` leads a process group of its own."""

    name: str
    base_url: str
    pid: int
    headers: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def running(
    command: Sequence[str], log: Path, environ: Mapping[str, str], ready_url: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, ready to serve; `ready_url` answers 200 from then on."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *tethered(command), env=dict(environ), stdout=output, stderr=output, start_new_session=True
        )
    try:
        await _until_ready(process, ready_url, log)
        yield process
    finally:
        await _stop(process)


async def _until_ready(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while time.monotonic() < deadline and process.returncode is None:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise PeerStartError(f"{log.stem} is not ready:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ends the group that the process leads: a server may have workers."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
