"""`python -m bench NAME... [OPTION...]` runs these measurements one by one; without names, all but the longest."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PACKAGES = ("inference", "peers")
# Takes half an hour: only where it is named.
LONG = ("soak",)


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
    return subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=False).returncode != 0


sys.exit(main())
