"""The environments of the peers, under `.data/peers`: made from their lock files when these have changed."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_SOURCE = Path(__file__).parent
_ROOT = _SOURCE.parents[1]
FOLDER = _ROOT / ".data" / "peers"
_UV = Path(sys.executable).with_name("uv")


def python_tools() -> Path:
    """The folder of programs of the peers from PyPI."""
    home = FOLDER / "python"
    lock = _SOURCE / "requirements.txt"
    _once(home, lock, lambda: _sync(home, lock))
    return home / "bin"


def node_modules(source: Path = _SOURCE / "node") -> Path:
    """Where the packages of a folder's lock file are installed, with the folder's scripts beside `node_modules`."""
    home = FOLDER / source.name
    home.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_file():
            shutil.copy2(path, home)
    _once(home, source / "package-lock.json", lambda: _clean_install(home))
    return home


def _sync(home: Path, lock: Path) -> None:
    _run(str(_UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(home))
    _run(
        str(_UV),
        "pip",
        "sync",
        "--quiet",
        "--compile-bytecode",
        "--python",
        str(home / "bin" / "python"),
        "--require-hashes",
        str(lock),
    )


def _clean_install(home: Path) -> None:
    # Without install scripts: none of these packages needs one to run.
    _run("npm", "ci", "--ignore-scripts", "--silent", "--prefix", str(home))


def _once(home: Path, lock: Path, install: Callable[[], None]) -> None:
    """Installs where the lock file is not the one that was installed; one process at a time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    mark = FOLDER / f"{home.name}.installed"
    with (FOLDER / f"{home.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if mark.exists() and mark.read_bytes() == lock.read_bytes():
            return
        print(f"installing {home.relative_to(_ROOT)} ...", file=sys.stderr, flush=True)
        install()
        mark.write_bytes(lock.read_bytes())


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
