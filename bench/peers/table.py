"""The one table: a row for each measure, ours beside its peers, medians and ratios."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Goal:
    """What must be reached and what is aimed at: a ratio beside `peer`, or a figure of ours where that is empty."""

    must: float | None = None
    aim: float | None = None
    peer: str = ""
    more: bool = True  # more is better

    def met(self, value: float) -> str:
        for name, bound in (("aim", self.aim), ("must", self.must)):
            if bound is not None and (value >= bound if self.more else value <= bound):
                return name
        return "" if self.must is None and self.aim is None else "missed"


@dataclass(frozen=True)
class Row:
    """A measure: figures of each round by system, ours first."""

    name: str
    unit: str
    figures: Mapping[str, Sequence[float]]
    goals: Sequence[Goal] = ()
    note: str = ""
    compared: bool = True  # whether a ratio beside a peer says anything

    @property
    def ours(self) -> float:
        return median(next(iter(self.figures.values())) or [math.nan])

    def ratio(self, peer: str) -> float:
        beside = median(self.figures[peer]) if self.figures.get(peer) else 0.0
        return self.ours / beside if beside else 0.0


@dataclass
class Table:
    """Rows as they come."""

    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Prints the row at once, for whoever waits."""
        self.rows.append(row)
        for line in _cells(row):
            print("   ".join(filter(None, line)), flush=True)

    def markdown(self) -> str:
        head = ("measure", "ours", "beside", "ratio", "must", "aim", "")
        lines = [head, *(line for row in self.rows for line in _cells(row))]
        widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
        ruled = [lines[0], tuple("-" * max(3, width) for width in widths), *lines[1:]]
        return "\n".join(_line(cells, widths) for cells in ruled)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)) + " |"


def _cells(row: Row) -> list[tuple[str, ...]]:
    """One line for each goal and for each peer that has none, the first with the name of the measure."""
    peers = [name for name in list(row.figures)[1:] if name not in {goal.peer for goal in row.goals}]
    beside = [*row.goals, *(Goal(peer=peer) for peer in peers)] or [Goal()]
    ours = next(iter(row.figures.values()))
    said = f"{_figures(ours)} {row.unit}".strip()
    lines: list[tuple[str, ...]] = []
    for at, goal in enumerate(beside):
        first = at == 0
        value = row.ratio(goal.peer) if goal.peer else row.ours
        lines.append(
            (
                row.name if first else "",
                said if first else "",
                f"{goal.peer} {_figures(row.figures.get(goal.peer, ()))}" if goal.peer else "",
                f"{value:.2f}x" if goal.peer and row.compared else "",
                _bound(goal, goal.must),
                _bound(goal, goal.aim),
                "; ".join(filter(None, (goal.met(value), row.note if first else ""))),
            )
        )
    return lines


def _bound(goal: Goal, value: float | None) -> str:
    if value is None:
        return ""
    sign = ">=" if goal.more else "<="
    return f"{sign} {value:g}{'x' if goal.peer else ''}"


def _figures(values: Sequence[float]) -> str:
    """The median, and the least and the most of several rounds."""
    if not values:
        return "-"
    middle = _short(median(values))
    return middle if len(values) == 1 else f"{middle} ({_short(min(values))}-{_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
