"""Deletes threads that nobody has come back to."""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from kit.auth.caller import Caller
from kit.errors import NotFound
from services.threads.ports import IdleThreads
from services.threads.service.conversations import Conversations

BATCH = 100

Progress = Callable[[int, str], Awaitable[None]]


class Retention:
    """The work of the job `apply_retention`."""

    def __init__(self, threads: IdleThreads, conversations: Conversations, *, days: float) -> None:
        """0 days keep every thread."""
        self._threads = threads
        self._conversations = conversations
        self._days = days

    async def apply(self, progress: Progress) -> int:
        """Deletes threads that have been idle too long, as their users would; says how many."""
        deleted = 0
        if not self._days:
            return deleted
        before = datetime.now(UTC) - timedelta(days=self._days)
        while idle := await self._threads.idle(before, BATCH):
            for thread in idle:
                with contextlib.suppress(NotFound):  # its user was faster
                    await self._conversations.delete(Caller(thread.key.tenant, thread.key.user), thread.id)
                    deleted += 1
            await progress(50, f"{deleted} threads deleted")
        return deleted
