"""The breaker before MongoDB: each process has one, around everything that it keeps there."""

import functools
import inspect
from typing import Any, TypeVar, cast
from weakref import WeakSet

from kit.breaker.guard import Guard
from kit.breaker.memory import MemoryBoard
from kit.breaker.metrics import NUMBERS, STATE
from kit.breaker.model import Rule

# MongoDB chooses another primary within seconds, so a look each two seconds finds it soon.
RULE = Rule(minimum=5, window=10.0, open_for=2.0, probe_for=5.0)

NAME = "mongodb"
_boards: WeakSet[MemoryBoard] = WeakSet()

T = TypeVar("T")


def database_guard() -> Guard:
    board = MemoryBoard(RULE)
    _boards.add(board)
    return Guard(board, NAME, "the database cannot be reached")


def _worst() -> dict[tuple[str, ...], float]:
    states = [NUMBERS[board.state(NAME)] for board in list(_boards)]
    return {(NAME,): max(states)} if states else {}


STATE.watch(_worst)


def guarded(store: T, guard: Guard) -> T:
    """The store with the guard around each of its coroutines; what else it has passes unguarded."""
    return cast(T, _Guarded(store, guard))


class _Guarded:
    def __init__(self, store: Any, guard: Guard) -> None:
        self._store, self._guard = store, guard

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if not inspect.iscoroutinefunction(attribute):
            return attribute

        @functools.wraps(attribute)
        async def guarded_call(*arguments: Any, **named: Any) -> Any:
            return await self._guard.run(attribute, *arguments, **named)

        setattr(self, name, guarded_call)
        return guarded_call
