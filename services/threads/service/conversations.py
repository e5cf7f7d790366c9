"""A user's own threads and what was said in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from unicodedata import normalize

from kit.auth.caller import Caller
from kit.errors import NotFound, Reason
from kit.pagination import PageTokens
from services.threads.model import Message, Role, Thread, messages_of
from services.threads.ports import HotThreads, ThreadChange, ThreadObserver, ThreadQuery, ThreadStore, TurnStore
from services.threads.service.limits import check_metadata, check_title

LAST_SEQUENCE = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ThreadPage:
    threads: Sequence[Thread]
    next_token: str = ""


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Which messages of a thread, in which order."""

    thread: str
    limit: int
    role: Role | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class MessagePage:
    messages: Sequence[Message]
    next_token: str = ""


class Conversations:
    """What a user may do with the threads of their own."""

    def __init__(
        self,
        *,
        threads: ThreadStore,
        turns: TurnStore,
        hot: HotThreads,
        observer: ThreadObserver,
        tokens: PageTokens,
    ) -> None:
        self._threads = threads
        self._turns = turns
        self._hot = hot
        self._observer = observer
        self._tokens = tokens

    async def page(self, caller: Caller, query: ThreadQuery, token: str = "") -> ThreadPage:
        """A page of threads; `token` is that of the page before."""
        scope = _scope("threads", caller, query.order, query.course, *query.metadata)
        if cursor := self._tokens.decode(token, scope):
            query = replace(query, after=(datetime.fromisoformat(cursor[0]), cursor[1]))
        found = await self._threads.page(caller, replace(query, limit=query.limit + 1))
        shown = found[: query.limit]
        if len(found) <= query.limit:
            return ThreadPage(shown)
        time: datetime = getattr(shown[-1], query.order.value)
        return ThreadPage(shown, self._tokens.encode(scope, [time.isoformat(), shown[-1].id]))

    async def get(self, caller: Caller, thread: str) -> Thread:
        return _existing(await self._threads.get(caller, thread))

    async def update(self, caller: Caller, thread: str, change: ThreadChange) -> Thread:
        """Renames the thread or changes its metadata."""
        if change.title is not None:
            check_title(change.title)
            change = replace(change, title=normalize("NFC", change.title))
        check_metadata(change.metadata or change.labels)
        if change.labels:
            # Single labels may add up to more than a thread takes.
            check_metadata({**(await self.get(caller, thread)).metadata, **change.labels})
        changed = _existing(await self._threads.change(caller, thread, change))
        await self._observer.thread_changed(caller, changed)
        return changed

    async def delete(self, caller: Caller, thread: str) -> None:
        """Deletes the thread with all its turns; those that still run can't be completed any more."""
        key = await self._threads.delete(caller, thread)
        if key is None:
            raise _not_found()
        await self._hot.forget(key)
        await self._observer.thread_deleted(caller, thread)

    async def messages(self, caller: Caller, query: MessageQuery, token: str = "") -> MessagePage:
        """A page of messages; questions that wait for their answer stand among them."""
        scope = _scope("messages", caller, query.thread, query.role or "", query.descending)
        cursor = self._tokens.decode(token, scope)
        found = await self._messages_from(caller, query, _start(query, cursor))
        shown = found[: query.limit]
        if len(found) <= query.limit:
            return MessagePage(shown)
        return MessagePage(shown, self._tokens.encode(scope, [shown[-1].sequence]))

    async def _messages_from(self, caller: Caller, query: MessageQuery, start: int) -> list[Message]:
        """The messages from the sequence `start` on, one more than asked for where there are more."""
        waiting = await self._turns.queue(caller, query.thread)
        if waiting is None:
            raise _not_found()
        turn, limit = (start + 1) // 2, query.limit + 1
        ended = await self._turns.ended(caller, query.thread, turn, limit, descending=query.descending)
        known = {one.id for one in ended}
        running = [one for one in waiting if one.id not in known]
        said = [message for one in (*ended, *running) for message in messages_of(one)]
        fitting = [one for one in said if _fits(one, query, start)]
        fitting.sort(key=lambda message: message.sequence, reverse=query.descending)
        return fitting[:limit]


def _start(query: MessageQuery, cursor: Sequence[int] | None) -> int:
    if query.descending:
        return cursor[0] - 1 if cursor else LAST_SEQUENCE
    return cursor[0] + 1 if cursor else 1


def _fits(message: Message, query: MessageQuery, start: int) -> bool:
    if query.role is not None and message.role is not query.role:
        return False
    return message.sequence <= start if query.descending else message.sequence >= start


def _scope(name: str, caller: Caller, *parts: object) -> str:
    return "\0".join([name, caller.tenant, caller.user, *(str(part) for part in parts)])


def _existing(thread: Thread | None) -> Thread:
    if thread is None:
        raise _not_found()
    return thread


def _not_found() -> NotFound:
    return NotFound("no such thread", Reason.THREAD_NOT_FOUND)
