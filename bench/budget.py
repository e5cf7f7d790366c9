"""The budget of a turn: processor by process, operations by store, samples by library; or what an idle system takes.

Run by `python -m bench budget`. `--write before` or `--write after` puts what was measured into docs/budget.md.
"""

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.load import users
from bench.load.generator import each_once, generate
from bench.load.orders import Order
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from bench.load.samples import STANDARD, Samples, sampled
from bench.load.stores import JOURNAL_SYNCS, Counts, StoreMeter
from bench.load.usage import Usage
from bench.peers.environment import described, keep

PAGE = Path(__file__).parents[1] / "docs" / "budget.md"
KINDS = {"turn": "a whole turn", "plain": "a plain completion"}
LEAST_SHARE = 0.02
LEAST_OPERATIONS = 0.02
SETTLE_SECONDS = 8.0
STUDENTS = 96
CONNECTIONS = 24


@dataclass(frozen=True)
class Budget:
    """Of one call: milliseconds by process with the idle share taken off, and operations by store."""

    kind: str
    calls: int
    per_second: float
    processor_ms: Mapping[str, float]
    operations: Counts
    samples: Mapping[str, Samples] = field(default_factory=dict)


@dataclass(frozen=True)
class Idle:
    """Of one second in which nobody asks anything."""

    processor_ms: Mapping[str, float]
    operations: Counts


async def measure(arguments: argparse.Namespace) -> str:
    """The page's section."""
    async with rig(Script(), {}) as running:
        meter = StoreMeter(running)
        try:
            kinds = [] if arguments.idle else arguments.kinds.split(",")
            for kind in kinds:  # a first turn has jobs of its own, such as the title of its thread
                order = _order(running, kind, 0.0)
                await each_once(order.base_url, order.callers, order.whole)
            idle = await _idle(running, meter, arguments.seconds)
            budgets = [await _of(running, meter, kind, idle, arguments) for kind in kinds]
        finally:
            meter.close()
    body: dict[str, Any] = {"idle": asdict(idle), "budgets": [asdict(budget) for budget in budgets]}
    path = keep("budget", body)
    section = "\n\n".join([_head(), *(_written(budget) for budget in budgets), _written_idle(idle)])
    print(f"{section}\n\n(all figures in {path})")
    return section


async def _idle(running: Rig, meter: StoreMeter, seconds: float) -> Idle:
    await asyncio.sleep(SETTLE_SECONDS)
    usage, began = Usage(_own(running)), time.monotonic()
    meter.since()
    await asyncio.sleep(seconds)
    span, taken, counts = time.monotonic() - began, usage.since(), meter.since()
    watched = await meter.watched(seconds)
    return Idle({name: ms / span for name, ms in taken.items()}, counts.told_apart(watched).each_of(span))


async def _of(running: Rig, meter: StoreMeter, kind: str, idle: Idle, arguments: argparse.Namespace) -> Budget:
    """Figures first, then who asks Redis, then samples: each of the two costs what it should not be counted for."""
    usage, began = Usage(_own(running)), time.monotonic()
    meter.since()
    outcome = await generate(_order(running, kind, arguments.seconds))
    span, taken, counts = time.monotonic() - began, usage.since(), meter.since()
    calls = max(1, outcome.in_all)
    processor = {name: (ms - span * idle.processor_ms.get(name, 0.0)) / calls for name, ms in taken.items()}
    watched, _ = await asyncio.gather(meter.watched(2.0), generate(_order(running, kind, 1.5)))
    samples: Mapping[str, Samples] = {}
    if arguments.samples:
        own = {name: pid for name, pid in _own(running).items() if processor[name] > 0}
        load = asyncio.create_task(generate(_order(running, kind, arguments.samples + 4.0)))
        await asyncio.sleep(1.5)
        samples = await sampled(own, arguments.samples)
        await load
    counts = counts.less(idle.operations, span).told_apart(watched).each_of(calls)
    return Budget(kind, outcome.in_all, outcome.per_second, processor, counts, samples)


def _order(running: Rig, kind: str, seconds: float) -> Order:
    stack = running.stack
    names = users.names("student", STUDENTS)
    if kind == "turn":
        callers, whole = users.turns(running, names), users.THREAD
    else:
        headers = [users.headers(stack.token(name)) for name in names]
        callers, whole = users.completions("/openai/v1", headers), users.CHOICES
    return Order("closed", stack.base_url, callers, seconds=seconds, connections=CONNECTIONS, whole=whole)


def _own(running: Rig) -> dict[str, int]:
    return {name: running.stack.pid(name) for name in running.stack.programs}


def _head() -> str:
    told = described()
    versions = ", ".join(
        f"{name} {number}" for name, number in told["versions"].items() if name in ("python", "grpcio")
    )
    return (
        f"Measured {told['date'][:10]} at {told['commit']} ({machine()}, {told['machine']['processor']}; {versions})."
    )


def _written(budget: Budget) -> str:
    ranked = sorted(budget.processor_ms.items(), key=lambda item: item[1], reverse=True)
    rows = [(name, f"{ms:.2f}") for name, ms in ranked if ms >= 0.005]
    rows.append(("**all**", f"**{sum(budget.processor_ms.values()):.2f}**"))
    title = f"### {KINDS[budget.kind].capitalize()}, of {budget.calls} at {budget.per_second:.1f} a second"
    parts = [title, _table(("process", "processor, ms"), rows), _operations(budget.operations)]
    if budget.samples:
        parts.append(_sampled(budget.samples))
    return "\n\n".join(parts)


def _written_idle(idle: Idle) -> str:
    ranked = sorted(idle.processor_ms.items(), key=lambda item: item[1], reverse=True)
    rows = [(name, f"{ms:.1f}") for name, ms in ranked if ms >= 0.05]
    rows.append(("**all**", f"**{sum(idle.processor_ms.values()):.1f}**"))
    title = "### A second in which nobody asks anything"
    return "\n\n".join([title, _table(("process", "processor, ms"), rows), _operations(idle.operations)])


def _operations(counts: Counts) -> str:
    rows = []
    for store, each in counts.commands.items():
        inside = counts.inside.get(store, {})
        outside = {name: count - inside.get(name, 0.0) for name, count in each.items() if name != JOURNAL_SYNCS}
        row = [store, f"{counts.total(store):.1f}", _named(outside), f"{sum(inside.values()):.1f}", _named(inside)]
        if JOURNAL_SYNCS in each:
            row[3:] = ["", f"{each[JOURNAL_SYNCS]:.2f} {JOURNAL_SYNCS}"]
        rows.append(tuple(row))
    return _table(("store", "commands", "of clients", "inside", "called by scripts"), rows)


def _named(operations: Mapping[str, float]) -> str:
    ranked = sorted(operations.items(), key=lambda item: item[1], reverse=True)
    return ", ".join(f"{name} {count:.2f}" for name, count in ranked if count >= LEAST_OPERATIONS)


def _sampled(samples: Mapping[str, Samples]) -> str:
    rows = []
    for name, each in sorted(samples.items(), key=lambda item: item[1].taken, reverse=True):
        if each.taken:
            within = {who: share for who, share in each.within.items() if who != STANDARD}
            rows.append((name, str(each.taken), _shares(each.own), _shares(within, least=0.05)))
    return _table(("process", "samples", "innermost package", "packages anywhere in the stack"), rows)


def _shares(shares: Mapping[str, float], least: float = LEAST_SHARE) -> str:
    ranked = sorted(shares.items(), key=lambda item: item[1], reverse=True)
    return ", ".join(f"{name} {share:.0%}" for name, share in ranked if share >= least)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write(section: str, place: str) -> None:
    """Puts it between the marks of the page."""
    page = PAGE.read_text()
    begin, end = f"<!-- {place} -->", f"<!-- end of {place} -->"
    head, tail = page.partition(begin)[0], page.partition(end)[2]
    PAGE.write_text(f"{head}{begin}\n{section}\n{end}{tail}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench budget", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="how long each is measured")
    parser.add_argument("--samples", type=float, default=6, help="how long stacks are sampled; 0 takes no samples")
    parser.add_argument("--kinds", default=",".join(KINDS), help="turn, plain, or both by a comma")
    parser.add_argument("--idle", action="store_true", help="only what an idle system takes")
    parser.add_argument("--write", choices=["before", "after"], help="which section of docs/budget.md to replace")
    arguments = parser.parse_args()
    section = asyncio.run(measure(arguments))
    if arguments.write:
        write(section, arguments.write)


if __name__ == "__main__":
    main()
