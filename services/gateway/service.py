"""The use cases of chat: ask, resume, read, cancel."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from dataclasses import replace

from kit.auth.caller import Caller
from kit.errors import (
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    LecternError,
    Reason,
    ResourceExhausted,
    Unavailable,
)
from services.gateway.model import (
    Begun,
    Completed,
    Cut,
    Delta,
    Event,
    Failed,
    Grounding,
    Heartbeat,
    Held,
    Question,
    Started,
    State,
    Turn,
)
from services.gateway.ports import Journal, Knowledge, Orders, Threads
from services.gateway.silences import with_silences
from services.gateway.turns.cut_answers import cut_answer
from services.gateway.turns.desk import Desk
from services.gateway.turns.durably import durably
from services.gateway.turns.run import TurnRun

LIVENESS_SECONDS = 1.0
CANCEL_SECONDS = 5.0
MAX_REQUEST_ID = 128
MAX_POSITION = 366 * 24 * 3600.0
LONGEST_REPEATED_ID = 120
GO_ON = "Go on."  # what stands in the thread where a student said nothing else


class ChatService:
    """Asks threads and context at the same time, has the answer generated, and lets everyone read along."""

    def __init__(
        self,
        threads: Threads,
        knowledge: Knowledge,
        journal: Journal,
        orders: Orders,
        desk: Desk,
        *,
        max_message_bytes: int,
        heartbeat_seconds: float,
    ) -> None:
        self._threads = threads
        self._knowledge = knowledge
        self._journal = journal
        self._orders = orders
        self._desk = desk
        self._max_message_bytes = max_message_bytes
        self._heartbeat_seconds = heartbeat_seconds

    async def check(self, caller: Caller, question: Question) -> Question:
        """The question as it would be asked; raises what would refuse it."""
        question, cut = await self._whole(caller, question)
        await self._knowledge.ground(caller, _grounded_by(question, cut))
        return question

    async def ask(self, caller: Caller, question: Question, *, afresh: bool = False) -> AsyncGenerator[Event, None]:
        """The events of the turn; a repeated `request_id` reads the turn that exists.

        `afresh` asks again in a turn of its own where that one has ended without a whole answer.
        """
        question, cut = await self._whole(caller, question)
        begun, grounding = await self._begin(caller, question, cut)
        for number in itertools.count(2):
            if not afresh or not begun.turn.state.broke_off:
                break
            again = replace(question, request_id=f"{question.request_id[:LONGEST_REPEATED_ID]}~{number}")
            begun, grounding = await self._begin(caller, again, cut)
        run = self._desk.run_of(begun.turn.name)
        if begun.attached and run is None:
            events = self.resume(caller, begun.turn.name)
        else:
            run = run or self._desk.take(caller, begun, grounding, cut=cut)
            events = self._read_along(run)
        async with aclosing(events):
            async for event in events:
                yield event

    async def resume(self, caller: Caller, name: str, after: int = 0) -> AsyncGenerator[Event, None]:
        """The rest of a turn, wherever it runs; taken over where its owner is gone."""
        held = await self._threads.read(caller, name)
        if held.turn.state.ended:
            for event in await self._replay(held.turn, after):
                yield event
            return
        run = self._desk.run_of(name)
        events = self._read_along(run, after) if run else self._follow(caller, held, after)
        async with aclosing(events):
            async for event in events:
                yield event

    async def read(self, caller: Caller, name: str) -> Turn:
        """The turn as it stands, with what was said so far."""
        held = await self._threads.read(caller, name)
        if held.turn.state.ended:
            return held.turn
        with contextlib.suppress(Unavailable):
            return replace(held.turn, answer=_text(await self._journal.read(name)))
        return held.turn

    async def cancel(self, caller: Caller, name: str) -> Turn:
        """Stops the turn wherever it runs; what was said is kept."""
        held = await self._threads.read(caller, name)
        if held.turn.state.ended or await self._desk.cancel(name):
            return await self.read(caller, name)
        if held.owner_alive and held.lease:
            await self._orders.cancel(held.lease.owner, name)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_SECONDS), aclosing(self._journal.follow(name)) as events:
                    async for _ in events:
                        pass
            return await self.read(caller, name)
        try:
            async with self._desk.lease.held():
                begun = await self._threads.claim(caller, name, self._desk.owner)
        except Conflict:
            return await self.read(caller, name)  # it ended, or another instance has just taken it over
        said = _text(await self._journal.read(name))
        ended = begun.turn.ended_as(State.CANCELLED, said, Reason.TURN_CANCELLED)
        return await self._threads.complete(caller, ended, begun.lease)

    async def _whole(self, caller: Caller, question: Question) -> tuple[Question, Cut | None]:
        """The question with what it takes over from the answer that it goes on with."""
        if not question.continues:
            self._check(question)
            return question, None
        cut = await cut_answer(self._threads, caller, question.continues)
        first = cut.turn
        if question.course and question.course != first.course:
            raise InvalidArgument("course must be that of the turn to go on with, or empty", field="course")
        whole = replace(
            question,
            course=first.course,
            video_url=first.video_url,
            position=first.position,
            text=question.text if question.text.strip() else GO_ON,
        )
        self._check(whole)
        return whole, cut

    async def _begin(self, caller: Caller, question: Question, cut: Cut | None) -> tuple[Begun, Grounding]:
        """Both at once; a question that can't be grounded leaves no trace."""
        async with self._desk.lease.held() as renewed:
            return await self._begun(caller, question, cut, renewed)

    async def _begun(
        self, caller: Caller, question: Question, cut: Cut | None, renewed: Awaitable[None]
    ) -> tuple[Begun, Grounding]:
        grounding = asyncio.create_task(self._knowledge.ground(caller, _grounded_by(question, cut)))
        try:
            begun = await self._threads.begin(caller, question, self._desk.owner)
        except BaseException:
            grounding.cancel()
            raise
        try:
            found = await grounding
            await renewed  # here, so that who leaves meanwhile leaves no turn behind that nobody runs
            return begun, found
        except BaseException:
            if not begun.attached:
                with contextlib.suppress(LecternError):
                    await asyncio.shield(self._threads.discard(caller, begun.turn.name, begun.lease))
            raise

    async def _follow(self, caller: Caller, held: Held, after: int) -> AsyncGenerator[Event, None]:
        """A turn that another process answers, for as long as that one lives; then ours, or its outcome."""
        quiet, name, rest = 0.0, held.turn.name, None
        async with aclosing(with_silences(self._journal.follow(name, after), LIVENESS_SECONDS)) as events:
            async for event in events:
                if event is not None:
                    after, quiet = event.sequence, 0.0
                    yield event
                    if event.final:
                        return
                    continue
                quiet += LIVENESS_SECONDS
                if rest := await self._without_owner(caller, name, after):
                    break
                if quiet >= self._heartbeat_seconds:
                    quiet = 0.0
                    yield Event(after, Heartbeat())
        if rest is not None:
            async with aclosing(rest):
                async for event in rest:
                    yield event

    async def _without_owner(self, caller: Caller, name: str, after: int) -> AsyncGenerator[Event, None] | None:
        """The rest of a turn that its owner has ended or left; None while it lives."""
        try:
            held = await self._threads.read(caller, name)
            if held.turn.state.ended:
                return _each(await self._replay(held.turn, after))
            if held.owner_alive:
                return None
            # Who leaves meanwhile does not leave a claimed turn behind that nobody runs.
            taken = asyncio.create_task(self._take_over(caller, held.turn))
            return self._read_along(await asyncio.shield(taken), after)
        except (Conflict, Unavailable):
            return None  # somebody else was quicker, or nobody can be asked now

    async def _take_over(self, caller: Caller, turn: Turn) -> TurnRun:
        # Before the claim: whoever claims a turn answers it, so as little as can be is to fail after.
        cut = await cut_answer(self._threads, caller, turn.continues) if turn.continues else None
        async with self._desk.lease.held():
            begun = await self._threads.claim(caller, turn.name, self._desk.owner)
            try:
                past = await durably(lambda: self._journal.read(turn.name))
            except LecternError as error:
                await self._give_up(caller, begun, error)
                raise
            return self._desk.take(caller, begun, await self._grounded_again(caller, begun, cut), past, cut)

    async def _grounded_again(self, caller: Caller, begun: Begun, cut: Cut | None) -> Grounding:
        turn = begun.turn
        question = Question(turn.course, turn.video_url, turn.question, turn.request_id, begun.position)
        try:
            return await self._knowledge.ground(caller, _grounded_by(question, cut))
        except LecternError:
            return Grounding(turn.course, "", "", "", (), "")  # what was begun is ended without sources

    async def _give_up(self, caller: Caller, begun: Begun, error: LecternError) -> None:
        """Ends a turn that is claimed and can't be gone on with, as what was said of it can't be read."""
        ended = begun.turn.ended_as(State.FAILED, "", error.reason)
        with contextlib.suppress(LecternError):
            await durably(lambda: self._threads.complete(caller, ended, begun.lease))

    async def _replay(self, turn: Turn, after: int) -> list[Event]:
        """The events of an ended turn; where they are no longer kept, its outcome alone."""
        with contextlib.suppress(Unavailable):
            events = await self._journal.read(turn.name, after)
            if events and events[-1].final:
                return events
            if not events and after and (last := await self._journal.read(turn.name, after - 1)) and last[-1].final:
                return []
        return _outcome(turn, after)

    def _read_along(self, run: TurnRun, after: int = 0) -> AsyncGenerator[Event, None]:
        return run.broadcast.follow(after, self._heartbeat_seconds)

    def _check(self, question: Question) -> None:
        if not question.text.strip():
            raise InvalidArgument("message must not be empty", Reason.MESSAGE_EMPTY, field="message")
        if len(question.text.encode()) > self._max_message_bytes:
            limit = f"message must have at most {self._max_message_bytes} bytes"
            raise InvalidArgument(limit, Reason.TOO_LARGE, field="message")
        if len(question.request_id) > MAX_REQUEST_ID:
            raise InvalidArgument(f"request_id must have at most {MAX_REQUEST_ID} characters", field="request_id")
        if question.position is not None and not 0 <= question.position <= MAX_POSITION:
            raise InvalidArgument(f"position must be between 0 and {MAX_POSITION:.0f} seconds", field="position")


async def outcome(events: AsyncGenerator[Event, None]) -> Turn:
    """The turn that the events end with; raises the error that it failed with."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event.happening, Completed):
                return event.happening.turn
            if isinstance(event.happening, Failed):
                raise failure_of(event.happening)
    raise Unavailable("the turn ended without an answer", Reason.STREAM_INTERRUPTED)


def failure_of(failed: Failed) -> LecternError:
    """The error that a turn failed with."""
    reason = Reason(failed.reason) if failed.reason in Reason.__members__ else Reason.INTERNAL
    told = {"partial": failed.partial[:1024], "offer": failed.offer}
    metadata = {name: value for name, value in told.items() if value}
    if reason in {Reason.RATE_LIMITED, Reason.BUDGET_EXHAUSTED}:
        return ResourceExhausted(failed.message, reason, metadata=metadata)
    if reason in {Reason.TURN_CANCELLED, Reason.CONTENT_REFUSED, Reason.CONTEXT_TOO_LONG}:
        return FailedPrecondition(failed.message, reason, metadata=metadata)
    return Unavailable(failed.message, reason, metadata=metadata, retry_after=1)


def _grounded_by(question: Question, cut: Cut | None) -> Question:
    """What the passages are looked for: the rest of an answer cites by the same numbers as its beginning."""
    return replace(question, text=cut.turn.question) if cut else question


def _text(events: list[Event]) -> str:
    return "".join(event.happening.text for event in events if isinstance(event.happening, Delta))


async def _each(events: list[Event]) -> AsyncGenerator[Event, None]:
    for event in events:
        yield event


def _outcome(turn: Turn, after: int) -> list[Event]:
    ending = (
        Completed(turn)
        if turn.state == State.COMPLETED
        else Failed(turn.failure_reason, "the turn ended without a whole answer", turn.answer)
    )
    if after:
        return [Event(after + 1, ending)]
    return [Event(1, Started(turn.name, turn.thread, video_changed=False)), Event(2, ending)]
