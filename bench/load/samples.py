"""Where a Python process spends its time, by package: samples of its stacks, taken by py-spy from outside."""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.peers.install import python_tools

ROOT = Path(__file__).parents[2]
RATE = 100
_THREAD = "/threading.py:"
_FRAME = re.compile(r"(?P<name>.*) \((?P<file>[^()]*?)(?::\d+)?\)$")
STANDARD = "the standard library"


@dataclass(frozen=True)
class Samples:
    """Shares of all samples.

    `own` is by the innermost package that is not of the standard library, `within` by every package that stands
    anywhere in the stack, which counts once for each.
    """

    taken: int
    own: Mapping[str, float]
    within: Mapping[str, float]


async def sampled(pids: Mapping[str, int], seconds: float) -> dict[str, Samples]:
    """Of those processes that run Python, one sampler for each, all at the same time."""
    spied = {name: pid for name, pid in pids.items() if _runs_python(pid)}
    spy = str(python_tools() / "py-spy")
    with tempfile.TemporaryDirectory(prefix="lectern-samples-") as folder:
        files = {name: Path(folder) / f"{name}.txt" for name in spied}
        await asyncio.gather(*(_record(spy, pid, seconds, files[name]) for name, pid in spied.items()))
        return {name: attributed(_lines(path)) for name, path in files.items()}


def attributed(stacks: Iterable[str]) -> Samples:
    """From lines as py-spy writes them: frames from the outermost in, by semicolons, and how often."""
    own, within, taken = Counter[str](), Counter[str](), 0
    for line in stacks:
        stack, _, count = line.rstrip().rpartition(" ")
        packages = [package(frame) for frame in stack.split(";")]
        if set(packages) == {STANDARD} and _THREAD in stack:
            continue  # a thread of a pool that waits for work, taken for a running one
        taken += int(count)
        own[next((each for each in reversed(packages) if each != STANDARD), STANDARD)] += int(count)
        for each in set(packages):
            within[each] += int(count)
    return Samples(taken, _shares(own, taken), _shares(within, taken))


def package(frame: str) -> str:
    """The package that a frame is of: one that was installed, two steps of our own, or the standard library."""
    found = _FRAME.match(frame)
    place = found["file"] if found else ""
    if "/site-packages/" in place:
        parts = place.rpartition("/site-packages/")[2].split("/")
        return "grpc.aio" if parts[:2] == ["grpc", "aio"] else _deeper(parts)
    if place.startswith(f"{ROOT}/"):
        parts = place.removeprefix(f"{ROOT}/").split("/")
        return "/".join(parts[: min(3 if parts[0] == "services" else 2, len(parts) - 1)]) or parts[0]
    return _compiled(place)


def _deeper(parts: Sequence[str]) -> str:
    """Namespaces are told apart one step further in."""
    first = parts[0].removesuffix(".py")
    return f"{first}.{parts[1]}" if first in ("opentelemetry", "google") and len(parts) > 1 else first


def _compiled(place: str) -> str:
    """Modules of Cython have the path that they were built from."""
    for name in ("uvloop", "grpc", "hiredis", "orjson", "pymongo"):
        if place.startswith((f"{name}/", f"src/python/{name}")):
            return name
    return STANDARD


def _shares(counts: Counter[str], taken: int) -> dict[str, float]:
    return {name: count / taken for name, count in counts.most_common()} if taken else {}


async def _record(spy: str, pid: int, seconds: float, path: Path) -> None:
    command = [spy, "record", "--pid", str(pid), "--duration", str(max(1, round(seconds))), "--rate", str(RATE)]
    command += ["--format", "raw", "--full-filenames", "--output", str(path)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"py-spy on {pid}: {said.decode(errors='replace')[-500:]}")


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()] if path.exists() else []


def _runs_python(pid: int) -> bool:
    try:
        return "python" in Path(psutil.Process(pid).exe()).name
    except psutil.Error:
        return False
