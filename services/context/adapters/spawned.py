"""Runs a module of ours in a process that is started beside this one, never forked from it.

A fork copies a process whose other threads, such as gRPC's, hold locks that nobody in the copy will ever release; what
runs there between fork and exec has been seen to crash. `posix_spawn` runs none of our code in between. No pipe is
written to either: what the process reads and says stands in files.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: by a status of its own, or by a signal; with the memory that it held at the most, in bytes.

    `overdue` where it was ended because its time by the clock was over.
    """

    status: int
    signal: int
    memory: int
    overdue: bool


async def run_module(module: str, arguments: Sequence[str], *, seconds: float) -> Ended:
    """Runs it with these arguments and nothing of our environment; ends it when the time is over, or is cancelled."""
    pid = _started(module, arguments)  # in a millisecond, and nothing can come in between that would lose its number
    waiting = asyncio.create_task(asyncio.to_thread(os.wait4, pid, 0))
    overdue = False
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(waiting)
    except TimeoutError:
        overdue = True
    finally:
        if not waiting.done():
            # It is not waited for yet, so no other process can have its number.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            await asyncio.shield(waiting)
    _, status, usage = waiting.result()
    code = os.waitstatus_to_exitcode(status)
    return Ended(max(code, 0), max(-code, 0), _bytes(usage.ru_maxrss), overdue)


def _started(module: str, arguments: Sequence[str]) -> int:
    command = [sys.executable, "-s", "-m", module, *arguments]
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    # Signals that this process handles or blocks are as usual in that one.
    handled = [signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ]
    environment = {"PYTHONPATH": str(ROOT)}
    return os.posix_spawn(sys.executable, command, environment, file_actions=nothing, setsigdef=handled, setsigmask=())


def _bytes(peak: int) -> int:
    """Linux counts in KiB, macOS in bytes."""
    return peak if sys.platform == "darwin" else peak * 1024
