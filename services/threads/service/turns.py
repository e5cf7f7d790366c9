"""The life of a turn: begun in its thread's queue, ended once, or taken back."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kit.auth.caller import Caller
from kit.errors import Conflict, InvalidArgument, LecternError, NotFound, Reason, ResourceExhausted
from services.threads.model import Exchange, Lease, Question, ThreadKey, Turn, turn_id, turns_to_read
from services.threads.ports import HotThreads, Joined, NewTurn, Owners, Survey, ThreadObserver, ThreadStore, TurnStore
from services.threads.service.history import window, window_of
from services.threads.service.limits import check_answer, check_owner, check_question
from services.threads.service.orphans import Orphans
from services.threads.service.titles import title_of

Concurrency = Literal["queue", "refuse"]
# A thread may be deleted between being found and being written to; more often than so it is not.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about a course, from the process that is going to answer it."""

    course: str
    question: Question
    owner: str
    history_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn in its queue; without a lease where a repeated request finds it ended."""

    turn: Turn
    attached: bool = False
    video_changed: bool = False
    history: tuple[Exchange, ...] = ()
    ahead: tuple[str, ...] = ()


class Turns:
    """What the gateway asks of threads."""

    def __init__(
        self,
        *,
        threads: ThreadStore,
        turns: TurnStore,
        owners: Owners,
        hot: HotThreads,
        orphans: Orphans,
        observer: ThreadObserver,
        concurrency: Concurrency,
        queue_limit: int,
        owner_lease: float,
    ) -> None:
        """`owner_lease` is in seconds; `queue_limit` counts the turns of a thread that have not ended."""
        self._threads = threads
        self._turns = turns
        self._owners = owners
        self._hot = hot
        self._orphans = orphans
        self._observer = observer
        self._capacity = queue_limit if concurrency == "queue" else 1
        self._refuses = concurrency == "refuse"
        self._owner_lease = owner_lease

    async def begin(self, caller: Caller, ask: Ask) -> Begun:
        """Queues the question in its thread, which is made at need; a repeated request finds the turn it made."""
        check_owner(ask.owner)
        check_question(ask.question)
        new = self._new(ask)
        key = ThreadKey(caller.tenant, caller.user, ask.course)
        for _ in range(ATTEMPTS):
            begun = await self._begin_in(caller, await self._thread(key, new.question), new)
            if begun is not None:
                return begun
            await self._hot.forget(key)
        raise Conflict("the thread is being deleted", Reason.THREAD_NOT_FOUND, retry_after=1)

    def _new(self, ask: Ask) -> NewTurn:
        question, unnamed = ask.question, not ask.question.request_id
        if unnamed:
            question = replace(question, request_id=secrets.token_hex(16))
        return NewTurn(question, ask.owner, self._capacity, ask.history_tokens, has_fresh_id=unnamed)

    async def complete(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        """Makes the ended turn durable; repeatable; raises Conflict with LEASE_LOST under an older token."""
        if not turn.state.has_ended:
            raise InvalidArgument("turn.state must be one that ends a turn", field="turn.state")
        if turn.sequence < 1:
            raise InvalidArgument("turn.sequence must be the one that the turn began with", field="turn.sequence")
        if turn.id != turn_id(turn.thread, turn.question.request_id):
            raise InvalidArgument("turn.request_id is not the one that made the turn", field="turn.request_id")
        check_answer(turn.answer)
        ended = await self._turns.finish(caller, turn, lease)
        await self._observer.turn_ended(caller, ended)
        return ended

    async def discard(self, caller: Caller, thread: str, turn: str, lease: Lease) -> None:
        """Takes a turn back as if it had never been asked."""
        removed = await self._turns.discard(caller, thread, turn, lease)
        if removed is not None:
            await self._hot.forget(removed.key)
            await self._observer.thread_deleted(caller, removed.id)

    async def read(self, caller: Caller, thread: str, turn: str) -> Turn:
        found = await self._turns.find(caller, thread, turn)
        if found is None:
            raise NotFound("no such turn", Reason.TURN_NOT_FOUND)
        return found

    async def renew(self, owner: str) -> float:
        """Extends the lease of a process and returns for how many seconds it runs."""
        check_owner(owner)
        await self._owners.renew(owner, self._owner_lease)
        return self._owner_lease

    async def release(self, owner: str) -> None:
        await self._owners.release(owner)

    async def _thread(self, key: ThreadKey, question: Question) -> str:
        thread = await self._hot.recall(key)
        if thread is None:
            thread = await self._threads.open(key, title_of(question.text))
            await self._hot.remember(key, thread)
        return thread

    async def _begin_in(self, caller: Caller, thread: str, new: NewTurn) -> Begun | None:
        """None where the thread is gone."""
        joined = await self._turns.join(caller, thread, new)
        if joined is None:
            return await self._begin_after_survey(caller, thread, new)
        await self._observer.turn_began(caller, joined.turn)
        return Begun(
            joined.turn,
            video_changed=joined.video_changed,
            history=await self._history(caller, joined, new.history_tokens),
        )

    async def _history(self, caller: Caller, joined: Joined, tokens: int) -> tuple[Exchange, ...]:
        kept, turn = window_of(joined.past, tokens), joined.turn
        if kept is not None:
            return kept
        limit = turns_to_read(tokens)
        before = await self._turns.ended(caller, turn.thread, turn.sequence - 1, limit, descending=True)
        return window(before, tokens)

    async def _begin_after_survey(self, caller: Caller, thread: str, new: NewTurn) -> Begun | None:
        turn = turn_id(thread, new.question.request_id)
        survey = await self._turns.survey(caller, thread, turn, turns_to_read(new.history_tokens))
        if survey.turn is not None:
            return Begun(survey.turn, attached=True)
        survey = _with_archived(survey, await self._orphans.archive(caller, survey.orphans))
        place = await self._turns.enqueue(caller, thread, new, survey)
        if place is None:
            return None
        if place.turn is None:
            raise self._refusal(place.ahead)
        if not place.attached:
            await self._observer.turn_began(caller, place.turn)
        history = window(survey.recent, new.history_tokens)
        return Begun(place.turn, place.attached, place.video_changed, history, place.ahead)

    def _refusal(self, ahead: tuple[str, ...]) -> LecternError:
        if self._refuses:
            running = {"turn": ahead[0]} if ahead else {}
            return Conflict(
                "another question of this thread is being answered",
                Reason.TURN_IN_PROGRESS,
                retry_after=1,
                metadata=running,
            )
        return ResourceExhausted("too many questions of this thread are waiting", retry_after=5)


def _with_archived(survey: Survey, archived: Sequence[Turn]) -> Survey:
    """The survey as it is once its orphans have ended."""
    if not archived:
        return survey
    ended = survey.ended | {turn.id for turn in archived}
    recent = sorted([*archived, *survey.recent], key=lambda turn: turn.sequence, reverse=True)
    return replace(survey, ended=ended, recent=recent, orphans=())
