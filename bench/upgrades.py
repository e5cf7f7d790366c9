"""Each service of this version among older neighbours, and each older service among new ones, by the end-to-end tests.

Run by `python -m bench upgrades`. The older version is checked out beside this one: `--previous` names it, else it is
the last tag, else what stood before the newest change of the contract. The command fails where a test does.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.parts import SERVICES

ROOT = Path(__file__).parents[1]
# What both versions promise, seen through the edge.
SUITE = tuple(
    f"tests/e2e/{name}.py"
    for name in ("test_client", "test_documents", "test_operating_models", "test_structured_answers", "test_tour")
)
SECONDS = 600.0


@contextmanager
def checkout(version: str) -> Iterator[Path]:
    """That version in a folder of its own, with its generated code and this one's environment."""
    with tempfile.TemporaryDirectory(prefix="lectern-previous-") as folder:
        source = Path(folder) / "lectern"
        _git("worktree", "add", "--quiet", "--detach", str(source), version)
        try:
            (source / ".venv").symlink_to(ROOT / ".venv")
            subprocess.run([source / "tools" / "proto"], check=True, capture_output=True)
            yield source
        finally:
            _git("worktree", "remove", "--force", str(source))


def previous() -> str:
    """The last tag, else what stood before the newest change of the contract."""
    tags = _git("tag", "--list", "--merged", "HEAD", "--sort=-creatordate").splitlines()
    return tags[0] if tags else f"{_git('log', '-1', '--format=%h', '--', 'protos')}^"


def tried(older: frozenset[str], source: Path) -> tuple[bool, str]:
    """Whether the suite passes with these services from the older version, and its last line."""
    sources = ",".join(f"{service}={source}" for service in sorted(older))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *SUITE]
    began = time.monotonic()
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SOURCES": sources},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if ran.returncode:
        print(ran.stdout[-6000:], flush=True)
    last = ran.stdout.strip().splitlines()[-1:] or [ran.stderr[-200:]]
    return ran.returncode == 0, f"{last[0].strip('= ')} ({time.monotonic() - began:.0f} s)"


def main() -> int:
    """How many of the ways to stand beside each other failed."""
    parser = argparse.ArgumentParser(prog="bench upgrades", description=__doc__)
    parser.add_argument("--previous", default="", help="the older version, as git names it")
    parser.add_argument(
        "--services", nargs="+", default=SERVICES, choices=SERVICES, help="which are tried, instead of all"
    )
    arguments = parser.parse_args()
    version = arguments.previous or previous()
    failed = 0
    with checkout(version) as source:
        print(f"this version beside {_git('log', '-1', '--format=%h %s', version)}", flush=True)
        for service in arguments.services:
            others = frozenset(SERVICES) - {service}
            for words, older in (("new, the others old", others), ("old, the others new", frozenset({service}))):
                passed, said = tried(older, source)
                failed += not passed
                print(f"  {service:<10} {words}   {'passed' if passed else 'FAILED'}: {said}", flush=True)
    return failed


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
