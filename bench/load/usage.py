"""What processes take of the processor and of memory, their children with them."""

from collections.abc import Mapping
from contextlib import suppress

import psutil


class Usage:
    """Processor milliseconds of named processes since the last reading."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._last = self._read()

    def since(self) -> dict[str, float]:
        """By name; a process that was started meanwhile counts for nothing."""
        last, self._last = self._last, self._read()
        return {name: max(0.0, now - last[name]) * 1000 for name, now in self._last.items() if name in last}

    def _read(self) -> dict[str, float]:
        return {name: seconds for name, pid in self._pids.items() if (seconds := processor_seconds(pid)) is not None}


def processor_seconds(pid: int) -> float | None:
    """Of a process and those that it started; None where it has gone."""
    try:
        process = psutil.Process(pid)
        own = process.cpu_times()
        children = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return None
    total = own.user + own.system
    for child in children:
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            total += times.user + times.system
    return total


def resident_mib(pid: int) -> float:
    """Memory of a process and those that it started, each page that is shared counted once for each."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += each.memory_info().rss
    return total / 1024**2
