"""Runs a command that leaves the processor to others where they want it, and takes the rest.

Used as `python -I -S yielding.py COMMAND...`. It replaces itself by the command, so the process id stays.
"""

import contextlib
import os
import sys
from pathlib import Path

# Beside others that want all they can get it has a quarter to a third of what one of them has.
NICENESS = 5
_AUTOGROUP = Path("/proc/self/autogroup")


def main() -> None:
    """Step back, then become the command."""
    command = sys.argv[1:]
    os.nice(NICENESS)
    if os.getsid(0) == os.getpid():
        # Linux may weigh sessions against each other, and only then the processes of one.
        with contextlib.suppress(OSError):
            _AUTOGROUP.write_text(str(NICENESS))
    os.execvp(command[0], command)  # noqa: S606 - replacing itself without a shell is this program's purpose


if __name__ == "__main__":
    main()
