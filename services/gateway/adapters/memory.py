"""The gateway's ports in memory: what the other services promise, without them."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass

from kit.auth.caller import Caller
from kit.errors import Conflict, NotFound, Reason
from services.gateway.model import (
    Begun,
    Delta,
    Exchange,
    Finish,
    Grounding,
    Held,
    Lease,
    Notice,
    Options,
    Prompt,
    Question,
    State,
    Turn,
)


@dataclass
class _Kept:
    caller: Caller
    turn: Turn
    lease: Lease
    position: float | None
    options: Options


class MemoryThreads:
    """One thread per user and course; owners live until they release or are struck off."""

    def __init__(self) -> None:
        self._turns: dict[str, _Kept] = {}
        self._threads: dict[tuple[str, str, str], str] = {}
        self.owners: set[str] = set()

    async def begin(self, caller: Caller, question: Question, owner: str) -> Begun:
        key = (caller.tenant, caller.user, question.course)
        thread = self._threads.setdefault(key, f"threads/{uuid.uuid4().hex}")
        request = question.request_id or uuid.uuid4().hex
        earlier = [kept for kept in self._turns.values() if kept.turn.thread == thread]
        for kept in earlier:
            if kept.turn.request_id == request:
                return Begun(kept.turn, kept.lease, attached=True)
        turn = Turn(
            name=f"{thread}/turns/{uuid.uuid4().hex}",
            thread=thread,
            question=question.text,
            state=State.RUNNING,
            course=question.course,
            video_url=question.video_url,
            request_id=request,
            position=question.position,
            continues=question.continues,
        )
        kept = self._turns[turn.name] = _Kept(caller, turn, Lease(owner, 1), question.position, question.options)
        return Begun(
            turn,
            kept.lease,
            video_changed=bool(earlier) and earlier[-1].turn.video_url != question.video_url,
            history=_history(earlier),
            ahead=tuple(k.turn.name for k in earlier if not k.turn.state.ended),
            position=question.position,
            options=question.options,
        )

    async def complete(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        kept = self._kept(caller, turn.name)
        if lease.token < kept.lease.token:
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)
        if not kept.turn.state.ended:
            kept.turn = turn
        return kept.turn

    async def discard(self, caller: Caller, name: str, lease: Lease) -> None:
        self._turns.pop(self._kept(caller, name).turn.name)

    async def read(self, caller: Caller, name: str) -> Held:
        kept = self._kept(caller, name)
        if kept.turn.state.ended:
            return Held(kept.turn, None, owner_alive=False)
        return Held(kept.turn, kept.lease, kept.lease.owner in self.owners)

    async def claim(self, caller: Caller, name: str, owner: str) -> Begun:
        kept = self._kept(caller, name)
        if kept.turn.state.ended or kept.lease.owner in self.owners:
            raise Conflict("the turn has an owner", Reason.TURN_IN_PROGRESS)
        kept.lease = Lease(owner, kept.lease.token + 1)
        return Begun(kept.turn, kept.lease, position=kept.position, options=kept.options)

    async def renew(self, owner: str, *, release: bool = False) -> None:
        if release:
            self.owners.discard(owner)
        else:
            self.owners.add(owner)

    def _kept(self, caller: Caller, name: str) -> _Kept:
        kept = self._turns.get(name)
        if kept is None or (kept.caller.tenant, kept.caller.user) != (caller.tenant, caller.user):
            raise NotFound("no such turn", Reason.TURN_NOT_FOUND)
        return kept


class MemoryKnowledge:
    """Groundings by course."""

    def __init__(self, groundings: Iterable[Grounding]) -> None:
        self._groundings = {grounding.course: grounding for grounding in groundings}

    async def ground(self, caller: Caller, question: Question) -> Grounding:
        if question.course not in self._groundings:
            raise NotFound("no such course", Reason.COURSE_NOT_FOUND)
        return self._groundings[question.course]


class MemoryGeneration:
    """Says the same words every time, going on after what was said; `gate` holds it back where set."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self.gate: asyncio.Event | None = None
        self.gate_after = 1
        self.most_words = 0
        self.failure: Exception | None = None
        self.prompts: list[Prompt] = []
        self.closed_early = 0

    async def generate(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Delta | Notice | Finish, None]:
        self.prompts.append(prompt)
        said = len((prompt.continues + prompt.continue_from).split())
        most = prompt.options.max_tokens or self.most_words or len(self.words)
        last = min(len(self.words), len(prompt.continues.split()) + most)
        try:
            for number, word in enumerate(self.words[said:last], said):
                if self.gate is not None and number >= self.gate_after:
                    await self.gate.wait()
                if self.failure is not None and number >= self.gate_after:
                    raise self.failure
                yield Delta(word if number == 0 else f" {word}")
            reason = "stop" if last == len(self.words) else "length"
            yield Finish("memory", "words", prompt_tokens=1, completion_tokens=last, finish_reason=reason)
        except (GeneratorExit, asyncio.CancelledError):
            self.closed_early += 1
            raise


class MemoryOrders:
    """Orders within one process."""

    def __init__(self) -> None:
        self._boards: dict[str, asyncio.Queue[str]] = {}

    async def cancel(self, owner: str, turn: str) -> None:
        self._board(owner).put_nowait(turn)

    async def received(self, owner: str) -> AsyncGenerator[str, None]:
        while True:
            yield await self._board(owner).get()

    def _board(self, owner: str) -> "asyncio.Queue[str]":
        return self._boards.setdefault(owner, asyncio.Queue())


def _history(earlier: Iterable[_Kept]) -> tuple[Exchange, ...]:
    return tuple(Exchange(kept.turn.question, kept.turn.answer) for kept in earlier if kept.turn.state.ended)
