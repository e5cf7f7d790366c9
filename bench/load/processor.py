"""What each process of a stack takes of the processor."""

import os
from collections.abc import Mapping

import psutil

from bench.load.rig import Rig


class Meter:
    """Processor seconds of each process since the last reading."""

    def __init__(self, rig: Rig) -> None:
        watched = {name: rig.stack.pid(name) for name in rig.stack.programs}
        watched |= {"provider (fake)": rig.provider.pid, "the students": os.getpid()}
        self._processes = {name: psutil.Process(pid) for name, pid in watched.items()}
        self._last = self._read()

    def since(self) -> Mapping[str, float]:
        """Seconds by name; a process that was started again meanwhile counts for nothing."""
        last, self._last = self._last, self._read()
        return {name: self._last[name] - last[name] for name in last if name in self._last}

    def _read(self) -> dict[str, float]:
        used = {}
        for name, process in self._processes.items():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            used[name] = times.user + times.system
        return used


def per_turn(seconds: Mapping[str, float], turns: int) -> str:
    """A line for each process, the dearest first, in milliseconds a turn."""
    ranked = sorted(seconds.items(), key=lambda item: item[1], reverse=True)
    lines = [f"  {name:<16} {used * 1000 / max(1, turns):6.2f} ms" for name, used in ranked]
    own = sum(used for name, used in seconds.items() if name not in ("the students", "provider (fake)"))
    return "\n".join([*lines, f"  {'the system':<16} {own * 1000 / max(1, turns):6.2f} ms"])


def machine() -> str:
    """How many cores there are, and how busy they were in the last minute."""
    return f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
