"""What is said in answer to a chat completion: by a model alone, or as a turn of the course's tutor."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from kit.auth.caller import Caller
from services.gateway.model import Completed, Delta, Failed, Finish, Question, SentenceSupport, Turn
from services.gateway.observed import observed
from services.gateway.openai.ports import Completion, Completions
from services.gateway.service import ChatService, failure_of


@dataclass(frozen=True, slots=True)
class End:
    """The end of what was said; `turn` is set where the answer is grounded in a course."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str = "stop"
    turn: Turn | None = None


Speech = AsyncGenerator[str | SentenceSupport | End, None]


class Speaking:
    """The two ways to an answer."""

    def __init__(self, chat: ChatService, completions: Completions) -> None:
        self._chat = chat
        self._completions = completions

    async def plain(self, caller: Caller, completion: Completion) -> Speech:
        """Ends with the connection, and the provider's with it."""
        finish = Finish()
        async with aclosing(self._completions.complete(caller, completion)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    yield piece.text
                elif isinstance(piece, Finish):
                    finish = piece
        yield End(finish.model, finish.prompt_tokens, finish.completion_tokens, finish.finish_reason or "stop")

    async def grounded(self, caller: Caller, question: Question) -> Speech:
        """A turn of the student's thread in the course; it runs on when the connection ends."""
        async with aclosing(observed(self._chat.ask(caller, question))) as events:
            async for event in events:
                happening = event.happening
                if isinstance(happening, Delta):
                    yield happening.text
                elif isinstance(happening, SentenceSupport):
                    yield happening
                elif isinstance(happening, Completed):
                    turn = happening.turn
                    reason = turn.finish_reason or "stop"
                    yield End(turn.model, turn.prompt_tokens, turn.completion_tokens, reason, turn)
                elif isinstance(happening, Failed):
                    raise failure_of(happening)
