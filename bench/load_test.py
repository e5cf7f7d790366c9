"""Artillery's load of the older documents (`bench/load-test.yml`), against a whole stack with a provider of the bench.

Run by `python -m bench load_test`; fails where one answer is not a whole one.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from bench.peers.install import node_modules

_HERE = Path(__file__).parent
SCRIPT = _HERE / "load-test.yml"
STUDENTS = 1000


@dataclass(frozen=True)
class Report:
    """What Artillery saw; times in milliseconds."""

    exit_code: int
    answered: int
    failed: int
    statuses: Mapping[str, int]
    p50: float
    p99: float

    @property
    def good(self) -> bool:
        return self.exit_code == 0 and self.answered > 0 and not self.failed and set(self.statuses) == {"200"}


async def load(running: Rig, seconds: int, rate: int) -> Report:
    """So many students arrive in each second."""
    program = node_modules(_HERE / "artillery") / "node_modules" / ".bin" / "artillery"
    with tempfile.TemporaryDirectory(prefix="lectern-artillery-") as held:
        # The tokens are looked for beside the script.
        script = Path(shutil.copy(SCRIPT, held))
        tokens, report = script.with_name("tokens.csv"), script.with_name("report.json")
        tokens.write_text("".join(f"{running.stack.token(f'student-{number}')}\n" for number in range(STUDENTS)))
        config = {
            "target": running.stack.base_url,
            "phases": [{"duration": seconds, "arrivalRate": rate}],
            "variables": {"course": [running.course.removeprefix("courses/")], "lecture": [running.video_url]},
        }
        overrides = json.dumps({"config": config})
        process = await asyncio.create_subprocess_exec(
            program, "run", "--overrides", overrides, "--output", report, script, stdout=sys.stderr
        )
        code = await process.wait()
        if not report.exists():
            raise RuntimeError(f"Artillery ended with {code} before it had asked")
        return _report(code, json.loads(report.read_text())["aggregate"])


def _report(code: int, told: Mapping[str, Any]) -> Report:
    counters, times = told["counters"], told["summaries"]["http.response_time"]
    prefix = "http.codes."
    statuses = {name.removeprefix(prefix): count for name, count in counters.items() if name.startswith(prefix)}
    return Report(
        code, sum(statuses.values()), counters.get("vusers.failed", 0), statuses, times["median"], times["p99"]
    )


async def measure(arguments: argparse.Namespace) -> bool:
    async with rig(Script(), {}) as running:
        told = await load(running, arguments.seconds, arguments.rate)
    print(f"{arguments.rate} students a second for {arguments.seconds} s by Artillery ({machine()}):")
    print(f"  {told.answered} answers, statuses {dict(told.statuses)}, {told.failed} failed")
    print(f"  p50 {told.p50:.0f} ms   p99 {told.p99:.0f} ms")
    return told.good


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench load_test", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long students arrive")
    parser.add_argument("--rate", type=int, default=50, help="how many arrive in each second")
    sys.exit(not asyncio.run(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
