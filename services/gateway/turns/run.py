import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from kit.auth.caller import Caller
from kit.errors import Conflict, LecternError, NotFound, Reason
from services.gateway.model import (
    Begun,
    Completed,
    Context,
    Cut,
    Delta,
    Event,
    Exchange,
    Failed,
    Finish,
    Grounding,
    Happening,
    Notice,
    Prompt,
    SentenceSupport,
    Started,
    State,
    Turn,
)
from services.gateway.ports import Generation, Journal, Threads
from services.gateway.support import citations
from services.gateway.support.checking import SupportCheck
from services.gateway.support.vectors import SupportVectors
from services.gateway.turns.broadcast import Broadcast
from services.gateway.turns.cut_answers import before
from services.gateway.turns.durably import durably
from services.gateway.turns.generation_retries import generate_with_retries
from services.gateway.turns.writer import TurnWriter

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ports:
    """What a run works with; `puts_off` says whether questions can be asked as jobs here.

    Sentences are held against their sources by `vectors` too, for which the end of an answer waits `support_seconds`.
    """

    threads: Threads
    generation: Generation
    journal: Journal
    puts_off: bool = True
    vectors: SupportVectors | None = None
    support_seconds: float = 0.5


class TurnRun:
    """Answers one turn whose lease this process holds, whether or not anybody reads along."""

    def __init__(
        self,
        ports: Ports,
        caller: Caller,
        begun: Begun,
        grounding: Grounding,
        past: Iterable[Event],
        cut: Cut | None = None,
    ) -> None:
        """`past` is what an earlier owner has said; the answer is continued from it. `cut` is what it goes on with."""
        self._ports = ports
        self._caller = caller
        self._begun = begun
        self._grounding = grounding
        self._cut = cut
        self._question = cut.turn.question if cut else begun.turn.question
        self._finish = Finish()
        self.turn = begun.turn
        self.broadcast = Broadcast(past)
        self._text = "".join(e.happening.text for e in self.broadcast.events if isinstance(e.happening, Delta))
        self._resumed = bool(self.broadcast.events)
        self._writer = TurnWriter(ports.journal, self.turn.name, begun.lease.token, self.broadcast)
        self._cancelled = False
        self._support = SupportCheck(caller, grounding, ports.vectors, ports.support_seconds)
        self._degraded = any(_stands_in(e.happening) for e in self.broadcast.events)
        if self._degraded:
            self._support.stop()
        self._told = {e.happening.start for e in self.broadcast.events if isinstance(e.happening, SentenceSupport)}

    async def answer(self) -> None:
        """Runs to the end of the turn; what went wrong is told to its readers."""
        try:
            self._writer.open(self._opening())
            history = await self._after_those_ahead()
            await self._generate(before(history, self._cut) if self._cut else history)
            await self._complete()
        except asyncio.CancelledError:
            if not self._cancelled:
                raise  # the process is going; the next owner continues
            await self._end(State.CANCELLED, Reason.TURN_CANCELLED, "the turn was cancelled")
        except Conflict as error:
            log.info("turn_taken_over", turn=self.turn.name, reason=error.reason)
        except LecternError as error:
            offer = error.metadata.get("offer", "") if self._ports.puts_off else ""
            await self._end(State.PARTIAL if self._text else State.FAILED, error.reason, error.message, offer)
        except Exception:
            log.exception("turn_failed", turn=self.turn.name)
            await self._end(State.PARTIAL if self._text else State.FAILED, Reason.INTERNAL, "something went wrong")
        finally:
            await self._support.close()
            await self._writer.close()

    def cancel(self, task: asyncio.Task[None]) -> None:
        """Ends the turn as cancelled; what was said is kept."""
        self._cancelled = True
        task.cancel()

    def _opening(self) -> Iterator[Happening]:
        if self._resumed:
            yield Notice("continued", "The answer goes on from where it was.")
            return
        yield Started(self.turn.name, self.turn.thread, self._begun.video_changed)
        if self._begun.video_changed:
            title = self._grounding.video_title or self.turn.video_url
            yield Notice("video_changed", f"Now about “{title}”.")
        yield Context(citations.candidates(self._grounding.passages), self._grounding.version)

    async def _after_those_ahead(self) -> tuple[Exchange, ...]:
        """The history, with the turns that had to end first."""
        if not self._begun.ahead:
            return self._begun.history
        await self._writer.write(Notice("queued", f"Waiting for {len(self._begun.ahead)} earlier question(s)."))
        earlier = [await self._ended(name) for name in self._begun.ahead]
        return (*self._begun.history, *(Exchange(t.question, t.answer) for t in earlier if t and t.answer))

    async def _ended(self, name: str) -> Turn | None:
        """The turn once it has ended; None where it is gone."""
        while True:
            try:
                held = await durably(lambda: self._ports.threads.read(self._caller, name))
            except NotFound:
                return None
            if held.turn.state.ended or not held.owner_alive:
                return held.turn
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0), aclosing(self._ports.journal.follow(name)) as events:
                    async for _ in events:
                        pass

    async def _generate(self, history: tuple[Exchange, ...]) -> None:
        prompt = Prompt(
            self._question,
            self._grounding,
            history,
            self._begun.video_changed,
            self._text,
            continues=self._cut.answer if self._cut else "",
            options=self._begun.options,
        )
        await self._write(*self._support.feed(self._text))
        async with aclosing(generate_with_retries(self._ports.generation, self._caller, prompt)) as said:
            async for piece in said:
                if isinstance(piece, Finish):
                    self._finish = piece
                elif isinstance(piece, Delta):
                    self._text += piece.text
                    await self._write(piece, *self._support.feed(piece.text))
                else:
                    if _stands_in(piece):
                        self._support.stop()
                    await self._write(piece)
        await self._write(*await self._support.end())

    async def _write(self, *happenings: Happening) -> None:
        """Writes them, but for what an earlier owner has told of sentences."""
        told = [each for each in happenings if not (isinstance(each, SentenceSupport) and each.start in self._told)]
        if told:
            await self._writer.write(*told)

    async def _complete(self) -> None:
        finish = self._finish
        turn = self.turn.ended_as(
            State.COMPLETED,
            self._text,
            citations=citations.cited(self._text, self._question, self._grounding.passages, self._support.checked),
            sentences=self._support.sentences,
            prompt_tokens=finish.prompt_tokens,
            completion_tokens=finish.completion_tokens,
            provider=finish.provider,
            model=finish.model,
            policy=finish.policy or self._grounding.policy,
            degraded=finish.degraded or self._degraded,
            cached=finish.cached,
            finish_reason=finish.finish_reason,
        )
        self.turn = await self._durable(turn)
        await self._writer.write(Completed(self.turn))

    async def _end(self, state: State, reason: str, message: str, offer: str = "") -> None:
        try:
            why = "content_filter" if self._text and reason == Reason.CONTENT_REFUSED else ""
            self.turn = await self._durable(self.turn.ended_as(state, self._text, reason, finish_reason=why))
        except LecternError as error:
            log.warning("turn_end_not_kept", turn=self.turn.name, reason=error.reason)
            if isinstance(error, Conflict):
                return
        with contextlib.suppress(Conflict):
            await self._writer.write(Failed(reason, message, self._text, offer))

    async def _durable(self, turn: Turn) -> Turn:
        return await durably(lambda: self._ports.threads.complete(self._caller, turn, self._begun.lease))


def _stands_in(happening: Happening) -> bool:
    """Whether passages follow that stand in for an answer."""
    return isinstance(happening, Notice) and happening.kind == "degraded"
