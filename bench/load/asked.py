"""What became of questions, and the figures of many of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """One question; times are of one clock, in seconds. `error` is empty where the answer was whole."""

    user: str
    question: str
    began: float
    ended: float
    first_text: float | None = None
    thread: str = ""
    answer: str = ""
    error: str = ""
    degraded: bool = False

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Figures:
    """Durations in seconds; turns are counted when they end."""

    span: float
    turns: int
    rate: float
    first_p50: float
    first_p99: float
    whole_p50: float
    whole_p99: float
    slowest: float
    errors: Counter[str]
    degraded: int

    @classmethod
    def of(cls, asked: Sequence[Asked], span: float) -> "Figures":
        """`span` is how long these were asked for."""
        whole = [each for each in asked if not each.error]
        firsts = [each.first_text - each.began for each in whole if each.first_text is not None]
        seconds = [each.seconds for each in whole]
        return cls(
            span=span,
            turns=len(whole),
            rate=len(whole) / span if span else 0.0,
            first_p50=percentile(firsts, 0.5),
            first_p99=percentile(firsts, 0.99),
            whole_p50=percentile(seconds, 0.5),
            whole_p99=percentile(seconds, 0.99),
            slowest=max(seconds, default=0.0),
            errors=Counter(each.error for each in asked if each.error),
            degraded=sum(each.degraded for each in whole),
        )

    def __str__(self) -> str:
        failures = ", ".join(f"{count} x {error}" for error, count in self.errors.most_common(5)) or "none"
        return (
            f"{self.rate:6.1f} turns/s   first text p50 {_ms(self.first_p50)} p99 {_ms(self.first_p99)}   "
            f"whole turn p50 {_ms(self.whole_p50)} p99 {_ms(self.whole_p99)} max {_ms(self.slowest)}   "
            f"n={self.turns}, degraded {self.degraded}, errors: {failures}"
        )


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of them lie; 0 of none."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * part))] if ranked else 0.0


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
