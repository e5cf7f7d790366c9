"""`python -m bench NAME... [OPTION...]` runs these measurements one by one; without names, all but the longest."""

import signal
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PACKAGES = ("evaluation", "inference", "peers", "support")
# Asks a model that may cost money, wants a folder, takes half an hour: only where they are named.
LONG = ("evaluation", "reading", "soak")


def main() -> int:
    """The number of measurements that failed."""
    modules = (path.stem for path in FOLDER.glob("[a-z]*.py") if 'if __name__ == "__main__":' in path.read_text())
    known = sorted((*modules, *PACKAGES))
    names = [word for word in sys.argv[1:] if word in known]
    options = [word for word in sys.argv[1:] if word not in known]
    if options and not names:
        sys.exit(f"Name what to measure: {', '.join(known)}. NAME --help tells what can be chosen.")
    return sum(_run(name, options) for name in names or (each for each in known if each not in LONG))


def _run(name: str, options: list[str]) -> bool:
    print(f"== {name}", flush=True)
    process = subprocess.Popen([sys.executable, "-m", f"bench.{name}", *options])
    try:
        return process.wait() != 0
    except KeyboardInterrupt:  # the terminal told the measurement too
        process.wait()
        raise
    except SystemExit:
        process.terminate()
        process.wait()
        raise


# Whoever ends this ends what is measured, in order.
signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
sys.exit(main())
