"""Many callers, one write: what arrives while a group is being committed goes with the next one."""

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from kit.errors import LecternError
from kit.telemetry.group_spans import GroupSpans
from kit.telemetry.spans import sampled

T = TypeVar("T")
R = TypeVar("R")

MOST_IN_A_GROUP = 200
# How long a group waits at most for others that the process is busy with.
PATIENCE_SECONDS = 0.003
# A round of the event loop that takes no longer had nothing to do, and a call takes a few from its socket to its group.
QUIET_SECONDS = 0.00005
QUIET_ROUNDS = 4
# In a burst the next call is worth waiting for so much longer with each that waits, up to so many calls and so long.
BURST_SECONDS_EACH = 0.001
BURST_CALLS = 10
BURST_SECONDS = 0.03
# How long a group waits at most because the one before was shared, if that ended so lately.
DELAY_SECONDS = 0.02
LATELY_SECONDS = 0.1


def _one(_: object) -> int:
    return 1


class GroupCommit(Generic[T, R]):
    """A quiet process pays one round trip, a busy one shares it: what arrives meanwhile goes with the next group.

    A group that fails for another reason than an absent server is committed again item by item, so that nobody fails
    by what a neighbour brought: committing twice must be the same as committing once.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        most_in_a_group: int = MOST_IN_A_GROUP,
        patience: float = 0.0,
        delay: float = 0.0,
        size: Callable[[T], int] = _one,
    ) -> None:
        """`commit` answers one result for each item, in their order; an error is raised where its item was added.

        A group waits up to `patience` seconds while the event loop has other work to do, for that may bring more:
        in a quiet process it takes microseconds, in a busy one many calls share what each would pay for alone.

        Where the group before was shared, others are under way: then the next waits for as long as that one took, up to
        `delay` seconds, and commits what two groups would have (PostgreSQL's `commit_delay`). Who comes alone never
        waits.

        A group holds items up to a `size` of `most_in_a_group` together, and at least one.
        """
        self._commit = commit
        self._most = most_in_a_group
        self._patience = patience
        self._delay = delay
        self._size = size
        self._waiting: deque[tuple[T, asyncio.Future[R] | None]] = deque()
        self._committing: asyncio.Task[None] | None = None
        self._shared_until = 0.0
        self._took = 0.0
        self._spans = GroupSpans(commit)

    async def add(self, item: T) -> R:
        """The result for this item, once its group is committed; who is cancelled meanwhile cancels nothing."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        if sampled():
            return await self._spans.wait(done, lambda: self._put(item, done))
        self._put(item, done)
        return await done

    def post(self, item: T) -> None:
        """As `add`, for whom the result does not matter."""
        self._put(item, None)

    async def idle(self) -> None:
        """Returns when all that was added has been committed, or has failed."""
        while self._committing is not None and not self._committing.done():
            await asyncio.wait([self._committing])

    def _put(self, item: T, done: "asyncio.Future[R] | None") -> None:
        self._waiting.append((item, done))
        if self._committing is None or self._committing.done():
            # In a context of its own: the deadline and the trace of the first caller are not the group's.
            self._committing = asyncio.create_task(self._commit_all(), context=contextvars.Context())

    async def _commit_all(self) -> None:
        while self._waiting:
            group: list[tuple[T, asyncio.Future[R] | None]] = []
            try:
                await self._gather()
                group = self._next()
                began = time.monotonic()
                await self._commit_group(group)
                self._note(len(group), began)
            except BaseException:
                for _, done in (*group, *self._waiting):
                    if done is not None:
                        done.cancel()
                raise

    async def _gather(self) -> None:
        """Waits for others where there are likely to be some."""
        if self._patience:
            await self._while_busy()
        elif self._delay and time.monotonic() < self._shared_until:
            await asyncio.sleep(min(self._took, self._delay))

    async def _while_busy(self) -> None:
        """Waits while the event loop has other work to do, for that may add to the group."""
        began = now = time.monotonic()
        quiet = 0
        while quiet < QUIET_ROUNDS and now - began < self._patience and len(self._waiting) < self._most:
            await asyncio.sleep(0)
            before, now = now, time.monotonic()
            quiet = quiet + 1 if now - before < QUIET_SECONDS else 0

    def _note(self, members: int, began: float) -> None:
        now = time.monotonic()
        self._took = now - began
        self._shared_until = now + LATELY_SECONDS if members > 1 else 0.0

    def _next(self) -> "list[tuple[T, asyncio.Future[R] | None]]":
        """As much as a group holds, and at least one item."""
        group = [self._waiting.popleft()]
        room = self._most - self._size(group[0][0])
        while self._waiting and (room := room - self._size(self._waiting[0][0])) >= 0:
            group.append(self._waiting.popleft())
        return group

    async def _commit_group(self, group: "list[tuple[T, asyncio.Future[R] | None]]") -> None:
        try:
            items = [item for item, _ in group]
            if self._spans.none_waits:
                results = await self._commit(items)
            else:
                with self._spans.committing([done for _, done in group]):
                    results = await self._commit(items)
        except Exception as error:
            if len(group) > 1 and not isinstance(error, LecternError):
                for one in group:
                    await self._commit_group([one])
                return
            for _, done in group:
                if done is not None and not done.done():
                    done.set_exception(error)
            return
        for (_, done), result in zip(group, results, strict=True):
            if done is None or done.done():
                continue
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)


class BurstCommit(GroupCommit[T, R]):
    """While several calls wait and more of them come, it waits for those; a call by itself goes at once.

    In a burst all that a process takes comes before the last answer, and it is many processes that share the
    processors: each is told of a few calls at a time, which without this were a group each.
    """

    async def _gather(self) -> None:
        await super()._gather()
        until, known = time.monotonic() + BURST_SECONDS, 1
        while known < len(self._waiting) < self._most and time.monotonic() < until:
            known = len(self._waiting)
            await asyncio.sleep(min(known, BURST_CALLS) * BURST_SECONDS_EACH)
