"""Runs a command that dies with the process which started it, however that one ends.

Used as `python -I -S tether.py PARENT_PID COMMAND...`. It replaces itself by the command, so the process id stays.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGKILL on the parent's death, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the kernel was asked.
    if os.getppid() != parent:
        sys.exit("The process that started this one has gone.")
    os.execvp(command[0], command)  # noqa: S606 - replacing itself without a shell is this program's purpose


if __name__ == "__main__":
    main()
