"""One answer out of whichever providers it takes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import lru_cache

from kit.auth.caller import Caller
from kit.breaker.ports import Board
from kit.errors import DeadlineExceeded, InvalidArgument, Reason, Unavailable
from services.inference.model.failures import OVERRUN, ProviderFailure, Remedy
from services.inference.model.generation import Delta, Event, Finish, Message, Notice, Prompt, Purpose, Speaker, Usage
from services.inference.model.providers import Route, Timeouts, model_class
from services.inference.ports import ChatCall, ChatProvider, Piece
from services.inference.service import tokens
from services.inference.service.admission import Doorkeeper
from services.inference.service.catalog import Catalog
from services.inference.service.echo import Echo
from services.inference.service.plan import Plan, Try, exhausted
from services.inference.service.seam import Seam
from services.inference.service.timing import Patience

LEAST_TOKENS = 16


@dataclass(slots=True)
class Answer:
    """What has been said of an answer, and what that took."""

    text: str
    said_here: bool = False
    usage: Usage = field(default_factory=Usage)


class _Saying:
    """What one call says, as far as it is new to the answer and meant for the reader."""

    def __init__(self, answer: Answer, *, prefill: bool) -> None:
        self._answer = answer
        self._seam, self._echo = Seam(answer.text, prefill=prefill), Echo()
        self.finish_reason = ""
        self.usage: Usage | None = None

    @property
    def ended(self) -> bool:
        return self._echo.ended

    def feed(self, piece: Piece) -> str:
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.usage = piece.usage or self.usage
        return self._added(self._echo.feed(self._seam.feed(piece.text)))

    def end(self) -> str:
        """What was held back and is to be said."""
        return self._added(self._echo.feed(self._seam.end()) + self._echo.end())

    def _added(self, text: str) -> str:
        if text:
            self._answer.text += text
            self._answer.said_here = True
        return text


@dataclass(frozen=True, slots=True)
class Persistence:
    """How an answer is held on to: the instruction by which a model goes on, and the seconds in line for a full one."""

    continuation: str
    patience: float


class Failover:
    """The Generator that calls providers: retries before the first token, continues elsewhere after it."""

    def __init__(
        self, catalog: Catalog, chat: ChatProvider, breakers: Board, door: Doorkeeper, how: Persistence
    ) -> None:
        self._catalog, self._chat, self._breakers, self._door, self._how = catalog, chat, breakers, door, how

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Raises Unavailable when every route has failed, with STREAM_INTERRUPTED once text was said."""
        answer = Answer(prompt.continue_from)
        admission = self._door.admission(
            caller, prompt.course, prompt.purpose, prompt.tokens + tokens.estimate(answer.text), prompt.max_tokens
        )
        routes = self._catalog.routes(prompt.purpose, prompt.model, prompt.tokens)
        plan = Plan(routes, self._breakers, admission, self._how.patience)
        last: ProviderFailure | None = None
        async with aclosing(plan.tries()) as tries:
            async for step in tries:
                if isinstance(step, Notice):
                    yield step
                    continue
                if last is not None:
                    yield _switched(answer)
                try:
                    async with aclosing(self._attempt(step, plan, prompt, answer)) as events:
                        async for event in events:
                            yield event
                    await plan.succeeded(step.route)
                    return
                except ProviderFailure as failure:
                    last, failure.who = failure, f"{step.route.provider.name} ({step.route.model})"
                    await plan.failed(step.route, failure)
                    _tell(failure, prompt, answer)
        raise _given_up(last, prompt, answer)

    async def _attempt(self, step: Try, plan: Plan, prompt: Prompt, answer: Answer) -> AsyncGenerator[Event, None]:
        """One call, paid for however it ends; what it says is added to the answer."""
        route, before = step.route, len(answer.text)
        limits = self._limits(prompt, alone=plan.is_only(route))
        call = self._call(route, prompt, answer, limits)
        said, usage = _Saying(answer, prefill=route.provider.prefill), None
        try:
            async with aclosing(self._chat.stream(call)) as pieces:
                patience = Patience(limits, whole=prompt.purpose is not Purpose.CHAT)
                while not said.ended and (piece := await patience.next(pieces)) is not None:
                    if text := said.feed(piece):
                        yield Delta(text)
            if text := said.end():
                yield Delta(text)
            if said.finish_reason == "content_filter":
                raise ProviderFailure(
                    Remedy.TELL, "refused", "the provider refused the content", reason=Reason.CONTENT_REFUSED
                )
            estimated = Usage(tokens.of_messages(call.messages), tokens.estimate(answer.text[before:]))
            usage = said.usage or estimated
            total, reason = answer.usage + usage, said.finish_reason or "stop"
            yield Finish(total, route.provider.name, route.model, finish_reason=reason, policy=prompt.policy)
        finally:
            if usage is None and len(answer.text) > before:
                usage = Usage(prompt.tokens, tokens.estimate(answer.text[before:]))
            answer.usage += usage or Usage()
            step.grant.settle_soon(usage)

    def _limits(self, prompt: Prompt, *, alone: bool) -> Timeouts:
        """With nowhere else to go, a slow provider is waited for as long as the call may take."""
        limits = self._catalog.timeouts(prompt.purpose)
        return _unhurried(limits) if alone else limits

    def _call(self, route: Route, prompt: Prompt, answer: Answer, limits: Timeouts) -> ChatCall:
        messages, max_tokens = prompt.messages, prompt.max_tokens
        if answer.text:
            messages = (*messages, Message(Speaker.ASSISTANT, answer.text))
            if not route.provider.prefill:
                messages = (*messages, Message(Speaker.USER, self._how.continuation))
            max_tokens = max(LEAST_TOKENS, max_tokens - tokens.estimate(answer.text)) if max_tokens else 0
        return ChatCall(route, messages, limits, max_tokens, prompt.temperature, prompt.schema)


@lru_cache
def _unhurried(limits: Timeouts) -> Timeouts:
    return replace(limits, first_token=limits.total, between_tokens=limits.total)


def _switched(answer: Answer) -> Notice:
    if answer.text:
        return Notice("continued", "The model broke off; another one continues the answer from here.")
    return Notice("provider_switched", "The first model did not answer; another one is being asked.")


def _tell(failure: ProviderFailure, prompt: Prompt, answer: Answer) -> None:
    """Raises where trying elsewhere would not help or would not be honest."""
    if failure.remedy is Remedy.TELL and not _may_suit_another(failure, prompt):
        raise InvalidArgument(failure.said, failure.reason)
    if failure.outcome == OVERRUN:
        return
    if answer.text and prompt.schema is not None:
        raise Unavailable(
            f"the answer broke off and its form cannot be continued; {failure.said}", Reason.STREAM_INTERRUPTED
        )


def _may_suit_another(failure: ProviderFailure, prompt: Prompt) -> bool:
    """Whether it may be the form of the answer that this provider does not know."""
    return prompt.schema is not None and failure.reason is Reason.INVALID_ARGUMENT


def _given_up(last: ProviderFailure | None, prompt: Prompt, answer: Answer) -> Exception:
    if last is not None and last.remedy is Remedy.TELL:
        return InvalidArgument(last.said, last.reason)
    if last is not None and last.outcome == OVERRUN:
        return DeadlineExceeded(f"{last.said}, as LECTERN_{model_class(prompt.purpose).upper()}_TIMEOUT allows")
    if answer.said_here:
        return Unavailable("the answer broke off and no model could continue it", Reason.STREAM_INTERRUPTED)
    return exhausted(last)
