"""One answer out of whichever providers it takes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import lru_cache

from kit.auth.caller import Caller
from kit.breaker.ports import Board
from kit.errors import DeadlineExceeded, InvalidArgument, Reason, Unavailable
from services.inference.model.failures import EMPTY, OVERRUN, STARVED, ProviderFailure, Remedy
from services.inference.model.generation import Delta, Event, Finish, Message, Notice, Prompt, Purpose, Speaker, Usage
from services.inference.model.providers import Route, Timeouts, model_class
from services.inference.ports import ChatCall, ChatProvider, Piece
from services.inference.service import tokens
from services.inference.service.admission import Doorkeeper
from services.inference.service.catalog import Catalog
from services.inference.service.echo import Echo
from services.inference.service.ending import Ending
from services.inference.service.plan import Plan, Try, exhausted
from services.inference.service.seam import Seam
from services.inference.service.timing import Patience

LEAST_TOKENS = 16


@dataclass(slots=True)
class Answer:
    """What has been said of an answer, and what that took; `before` is a cut answer that it goes on with."""

    text: str
    before: str = ""
    said_here: bool = False
    usage: Usage = field(default_factory=Usage)


class _Saying:
    """What one call says, as far as it is new to the answer and meant for the reader."""

    def __init__(self, answer: Answer, ending: Ending, *, prefill: bool) -> None:
        self._answer, self._ending = answer, ending
        self._seam, self._echo = Seam(answer.before + answer.text, prefill=prefill), Echo()
        self._blank, self._spoken = "", bool(answer.text.strip())
        self._finish_reason = ""
        self.thought = 0
        self.usage: Usage | None = None

    @property
    def ended(self) -> bool:
        return self._echo.ended or bool(self._ending.reason)

    @property
    def finish_reason(self) -> str:
        return self._ending.reason or self._finish_reason or "stop"

    @property
    def failure(self) -> ProviderFailure | None:
        """What makes it no answer, once it has come to its end."""
        if self._finish_reason == "content_filter":
            refused = Reason.CONTENT_REFUSED
            return ProviderFailure(Remedy.TELL, "refused", "the provider refused the content", reason=refused)
        if self._spoken or self._ending.reason == "stop" or self._is_whole:
            return None
        outcome = STARVED if self._finish_reason == "length" or self.thought else EMPTY
        return ProviderFailure(Remedy.FAIL_OVER, outcome, "the provider ended without an answer")

    @property
    def _is_whole(self) -> bool:
        """Whether the answer that was cut lacked nothing, so that its rest is empty."""
        return bool(self._answer.before) and self._finish_reason == "stop"

    def feed(self, piece: Piece) -> str:
        self._finish_reason = piece.finish_reason or self._finish_reason
        self.usage = piece.usage or self.usage
        self.thought += piece.thought
        return self._added(self._ending.feed(self._echo.feed(self._seam.feed(piece.text))))

    def end(self) -> str:
        """What was held back and is to be said."""
        last = self._echo.feed(self._seam.end()) + self._echo.end()
        return self._added(self._ending.feed(last) + self._ending.end())

    def _added(self, text: str) -> str:
        if not self._spoken:  # white space is no answer: it waits for the first word
            text, self._blank = self._blank + text, ""
            self._spoken = bool(text.strip())
            if not self._spoken:
                self._blank = text
                return ""
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
        answer = Answer(prompt.continue_from, prompt.continues)
        routes = self._catalog.routes(prompt.purpose, prompt.model, prompt.tokens)
        asked = prompt.tokens + tokens.estimate(answer.before + answer.text)
        most = prompt.max_tokens + max((route.provider.thinking_tokens for route in routes), default=0)
        admission = self._door.admission(caller, prompt.course, prompt.purpose, asked, most)
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
        if last is not None and _is_answer(last, prompt, answer):
            reason = "length" if last.outcome == STARVED else "stop"
            yield Finish(answer.usage, model=prompt.model, finish_reason=reason, policy=prompt.policy)
            return
        raise _given_up(last, prompt, answer)

    async def _attempt(self, step: Try, plan: Plan, prompt: Prompt, answer: Answer) -> AsyncGenerator[Event, None]:
        """One call, paid for however it ends; what it says is added to the answer."""
        route, before = step.route, len(answer.text)
        limits = self._limits(prompt, alone=plan.is_only(route))
        call = self._call(route, prompt, answer, limits)
        said, usage = _Saying(answer, _ending(prompt, route, call), prefill=route.provider.prefill), None
        try:
            async with aclosing(self._chat.stream(call)) as pieces:
                patience = Patience(limits, whole=prompt.purpose is not Purpose.CHAT)
                while not said.ended and (piece := await patience.next(pieces)) is not None:
                    if text := said.feed(piece):
                        yield Delta(text)
            if text := said.end():
                yield Delta(text)
            usage = said.usage or Usage(tokens.of_messages(call.messages), _spent(said, answer.text[before:]))
            if said.failure is not None:
                raise said.failure
            total, reason = answer.usage + usage, _reason(said, prompt)
            yield Finish(total, route.provider.name, route.model, finish_reason=reason, policy=prompt.policy)
        finally:
            if usage is None and (spent := _spent(said, answer.text[before:])):
                usage = Usage(prompt.tokens, spent)
            answer.usage += usage or Usage()
            step.grant.settle_soon(usage)

    def _limits(self, prompt: Prompt, *, alone: bool) -> Timeouts:
        """With nowhere else to go, a slow provider is waited for as long as the call may take."""
        limits = self._catalog.timeouts(prompt.purpose)
        return _unhurried(limits) if alone else limits

    def _call(self, route: Route, prompt: Prompt, answer: Answer, limits: Timeouts) -> ChatCall:
        messages, max_tokens = prompt.messages, prompt.max_tokens
        if said := answer.before + answer.text:
            messages = (*messages, Message(Speaker.ASSISTANT, said))
            if not route.provider.prefill:
                messages = (*messages, Message(Speaker.USER, self._how.continuation))
        if answer.text and max_tokens:
            max_tokens = max(LEAST_TOKENS, max_tokens - tokens.estimate(answer.text))
        parameters = route.provider.parameters_for(prompt.purpose)
        if prompt.parameters:
            parameters = {**parameters, **prompt.parameters}
        return ChatCall(route, messages, limits, max_tokens, prompt.temperature, prompt.schema, parameters)


@lru_cache
def _unhurried(limits: Timeouts) -> Timeouts:
    return replace(limits, first_token=limits.total, between_tokens=limits.total)


def _ending(prompt: Prompt, route: Route, call: ChatCall) -> Ending:
    """A model that is given room to think may use it to talk; a form is not cut, for half of it is of no use."""
    bounded = route.provider.thinking_tokens and prompt.schema is None
    return Ending(prompt.stops, call.max_tokens if bounded else 0)


def _reason(said: _Saying, prompt: Prompt) -> str:
    """Why the answer ended; one that the policy bounds is whole at its bound, and not to be gone on with."""
    reason = said.finish_reason
    return "stop" if reason == "length" and prompt.ends_at_limit else reason


def _spent(said: _Saying, text: str) -> int:
    """About how many tokens an answer took whose provider did not tell it."""
    return tokens.estimate(text) + int(said.thought / tokens.ASCII_PER_TOKEN)


def _is_answer(last: ProviderFailure, prompt: Prompt, answer: Answer) -> bool:
    """A client of OpenAI's API gets the empty text: no model had a word to say, or its own limit left no room."""
    if prompt.purpose is not Purpose.COMPLETION or prompt.schema is not None or answer.text:
        return False
    return last.outcome == EMPTY or (last.outcome == STARVED and prompt.own_limit)


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
    if last is not None and last.is_empty:
        # A job that waited for a provider to be back would wait for ever: those are there.
        is_job = model_class(prompt.purpose) != "chat"
        reason = Reason.STREAM_INTERRUPTED if is_job else Reason.PROVIDERS_UNAVAILABLE
        return Unavailable("no model had a word to say to this", reason, retry_after=5.0)
    return exhausted(last)
