"""What the fake provider served, for those who ask afterwards."""

import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT_REQUESTS = 20_000


@dataclass(slots=True)
class Served:
    """One request and what became of it; times in seconds since the provider started."""

    path: str
    model: str
    key: str
    traceparent: str
    start: float
    status: int = 0
    prompt_tokens: int = 0
    words: int = 0
    thought: int = 0
    complete: bool = False
    closed_early: bool = False
    end: float = 0.0
    schema: dict[str, Any] | None = None  # what the answer should follow
    fields: dict[str, Any] = field(default_factory=dict)  # what else was asked of it


@dataclass(slots=True)
class Counts:
    """Totals since the start or the last reset, and the latest requests one by one."""

    started: float = field(default_factory=time.monotonic)
    connections: int = 0
    open_connections: int = 0
    open_requests: int = 0
    requests: int = 0
    complete: int = 0
    closed_early: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    by_model: Counter[str] = field(default_factory=Counter)
    by_key: Counter[str] = field(default_factory=Counter)
    served: deque[Served] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))

    def now(self) -> float:
        return time.monotonic() - self.started

    def begin(self, path: str, model: str, key: str, traceparent: str) -> Served:
        self.requests += 1
        self.open_requests += 1
        self.by_model[model] += 1
        self.by_key[key] += 1
        served = Served(path, model, key, traceparent, self.now())
        self.served.append(served)
        return served

    def end(self, served: Served) -> None:
        served.end = self.now()
        self.open_requests -= 1
        self.by_status[served.status] += 1
        self.complete += served.complete
        self.closed_early += served.closed_early
        self.prompt_tokens += served.prompt_tokens
        self.completion_tokens += served.words

    def reset(self) -> None:
        """Forgets the totals; what is open stays counted as open."""
        self.requests = self.complete = self.closed_early = self.prompt_tokens = self.completion_tokens = 0
        for counter in (self.by_status, self.by_model, self.by_key):
            counter.clear()
        self.served.clear()

    def totals(self) -> dict[str, Any]:
        names = ("connections", "open_connections", "open_requests", "requests", "complete", "closed_early")
        totals: dict[str, Any] = {name: getattr(self, name) for name in (*names, "prompt_tokens", "completion_tokens")}
        totals["by_status"] = {str(status): count for status, count in self.by_status.items()}
        totals["by_model"], totals["by_key"] = dict(self.by_model), dict(self.by_key)
        totals["now"] = self.now()
        return totals

    def latest(self) -> list[dict[str, Any]]:
        return [asdict(served) for served in self.served]
