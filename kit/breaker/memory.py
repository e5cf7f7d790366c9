"""Breakers of one process."""

import time
from collections.abc import Iterable

import structlog

from kit.breaker.model import Clock, Rule, Standing, State, Window, trips

log = structlog.get_logger()


class _Breaker:
    def __init__(self, rule: Rule, clock: Clock) -> None:
        self.window = Window(rule.window, clock)
        self.open_until: float | None = None
        self.rest_until = 0.0
        self.probe_until = 0.0
        self.forced: State | None = None


class MemoryBoard:
    """Decides by what this process has seen, and by what it is told of others."""

    def __init__(self, rule: Rule | None = None, clock: Clock = time.monotonic) -> None:
        self.rule = rule or Rule()
        self._clock = clock
        self._breakers: dict[str, _Breaker] = {}

    async def admits(self, name: str) -> bool:
        verdict = self.verdict(name)
        return self.claim_probe(name) if verdict is State.HALF_OPEN else verdict is State.CLOSED

    def verdict(self, name: str) -> State:
        """Whether calls pass (closed), do not (open), or one may try (half-open)."""
        breaker = self._of(name)
        if breaker.forced is not None:
            return breaker.forced
        if breaker.rest_until > self._clock():
            return State.OPEN
        return self._state(breaker)

    def claim_probe(self, name: str) -> bool:
        breaker = self._of(name)
        if breaker.probe_until > self._clock():
            return False
        breaker.probe_until = self._clock() + self.rule.probe_for
        return True

    async def succeeded(self, name: str) -> None:
        breaker = self._of(name)
        if self._state(breaker) is State.HALF_OPEN:
            breaker.open_until, breaker.probe_until = None, 0.0
            breaker.window.clear()
            log.info("breaker_closed", breaker=name)
        breaker.window.add(failed=False)

    async def failed(self, name: str) -> None:
        breaker = self._of(name)
        breaker.window.add(failed=True)
        half_open = self._state(breaker) is State.HALF_OPEN
        if half_open or (breaker.open_until is None and trips(self.rule, *breaker.window.counts())):
            requests, failures = breaker.window.counts()
            breaker.open_until = self._clock() + self.rule.open_for
            breaker.probe_until = 0.0
            breaker.window.clear()
            log.warning(
                "breaker_opened",
                breaker=name,
                error=f"{failures} of {requests} calls failed",
                after_probe=half_open,
                seconds=self.rule.open_for,
            )

    async def rest(self, name: str, seconds: float) -> None:
        breaker = self._of(name)
        breaker.rest_until = max(breaker.rest_until, self._clock() + seconds)

    async def force(self, name: str, state: State | None) -> None:
        self._of(name).forced = state
        log.warning("breaker_forced", breaker=name, state=state and state.value)

    async def reset(self, name: str) -> None:
        self._breakers.pop(name, None)

    async def standings(self, names: Iterable[str]) -> dict[str, Standing]:
        return {name: self.standing(name) for name in names}

    def state(self, name: str) -> State:
        """As `standing` tells it; may be asked from another thread, and knows nothing of what it asks about."""
        breaker = self._breakers.get(name)
        return State.CLOSED if breaker is None else breaker.forced or self._state(breaker)

    def standing(self, name: str) -> Standing:
        breaker, now = self._of(name), self._clock()
        requests, failures = breaker.window.counts()
        return Standing(
            state=breaker.forced or self._state(breaker),
            requests=requests,
            failures=failures,
            opens_in=max(0.0, (breaker.open_until or 0.0) - now),
            rests_for=max(0.0, breaker.rest_until - now),
            forced=breaker.forced,
        )

    def adopt(self, name: str, standing: Standing) -> None:
        """Takes over what all processes together know of a breaker."""
        breaker, now = self._of(name), self._clock()
        if breaker.open_until is None and standing.state is State.OPEN:
            log.warning("breaker_opened", breaker=name, error="others saw it fail", seconds=standing.opens_in)
        elif breaker.open_until is not None and standing.state is State.CLOSED:
            log.info("breaker_closed", breaker=name)
        breaker.open_until = None if standing.state is State.CLOSED else now + standing.opens_in
        breaker.rest_until = now + standing.rests_for
        breaker.forced = standing.forced

    def _state(self, breaker: _Breaker) -> State:
        if breaker.open_until is None:
            return State.CLOSED
        return State.OPEN if breaker.open_until > self._clock() else State.HALF_OPEN

    def _of(self, name: str) -> _Breaker:
        if name not in self._breakers:
            self._breakers[name] = _Breaker(self.rule, self._clock)
        return self._breakers[name]
