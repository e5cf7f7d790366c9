"""One run of a program: its process, its log, and how it ends."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from local.program import Program

_TETHER = str(Path(__file__).with_name("tether.py"))
_LOG_LIMIT_BYTES = 5_000_000


class Child:
    """A running process that ends with this one."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process, log: Path) -> None:
        self._program = program
        self._process = process
        self._log = log

    @classmethod
    async def spawn(cls, program: Program, logs: Path) -> "Child":
        """Start the program, its output appended to its log."""
        log = _open_log(logs, program.name)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *tethered(program.command),
                env=dict(program.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C at the terminal must reach the stack alone: it stops its programs in order.
                start_new_session=True,
            )
        return cls(program, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """The exit code, once the process has ended."""
        return await self._process.wait()

    async def stop(self) -> bool:
        """End the process, by force after its grace; says whether force was needed."""
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), self._program.stop_seconds)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self.wait()
            return True
        return False

    def last_lines(self, count: int = 15) -> tuple[str, ...]:
        """The end of the program's log."""
        with self._log.open("rb") as lines:
            lines.seek(max(0, self._log.stat().st_size - 16_384))
            return tuple(lines.read().decode(errors="replace").splitlines()[-count:])

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def tethered(command: Sequence[str]) -> tuple[str, ...]:
    """The command as one that dies with this process.

    The wish is the command's own: nothing may run here between fork and exec, where other threads hold locks.
    """
    return (sys.executable, "-I", "-S", _TETHER, str(os.getpid()), *command)


def _open_log(logs: Path, name: str) -> Path:
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(logs / f"{name}.1.log")
    return log
