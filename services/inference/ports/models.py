"""Models behind providers."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kit.auth.caller import Caller
from services.inference.model.generation import Event, Message, Prompt, Usage, Vectors
from services.inference.model.providers import Route, Timeouts


@dataclass(frozen=True, slots=True)
class ChatCall:
    """One call to a model, ready to be sent."""

    route: Route
    messages: Sequence[Message]
    timeouts: Timeouts
    max_tokens: int = 0
    temperature: float | None = None
    schema: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """What arrived together: text, and at the end the reason for stopping and the usage.

    `finish_reason` is `stop`, `length` or `content_filter`; `thought` counts letters of reasoning, a sign of life.
    """

    text: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    thought: int = 0


class ChatProvider(Protocol):
    """Chat models. Closing the generator closes the provider's connection."""

    def stream(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        """The answer in pieces, the last with its `finish_reason`; raises ProviderFailure."""
        ...


class EmbeddingProvider(Protocol):
    async def embed(self, route: Route, texts: Sequence[str], *, query: bool, timeout: float) -> Vectors:
        """Vectors of unit length; raises ProviderFailure."""
        ...


class Generator(Protocol):
    """Answers prompts. Each layer of the service is one around another."""

    def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """The events of one answer, the last of them its Finish; raises errors of the domain."""
        ...
