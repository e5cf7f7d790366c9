"""What inference needs of the world outside."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Piece:
    """What arrived together: text, and at the end the reason for stopping and the usage."""

    text: str = ""
    finish_reason: str = ""
    usage: Usage | None = None


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


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer as the cache keeps it."""

    text: str
    provider: str
    model: str
    finish_reason: str
    policy: str


class AnswerCache(Protocol):
    """Whole answers by key; an optimisation that may forget or be away at any time."""

    async def get(self, key: str) -> Answered | None: ...

    async def put(self, key: str, answer: Answered) -> None: ...


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a flight: whether one leads it, which generation of it, and the leader's fencing token."""

    leads: bool
    generation: int
    token: int = 0
    fresh: bool = False  # nobody has led this generation before


class FlightLeases(Protocol):
    """Who leads a generation that several callers share. All methods raise Unavailable while the leases are away."""

    async def take(self, flight: str) -> Seat:
        """Leads where nobody does: a new generation, or the one whose leader was lost in the middle."""
        ...

    async def renew(self, flight: str, token: int) -> int | None:
        """How many other processes follow; None where the lease is lost."""
        ...

    async def attend(self, flight: str, follower: str) -> bool:
        """Says that a process still follows; answers whether somebody leads."""
        ...

    async def release(self, flight: str, token: int, *, ended: bool) -> None:
        """Leaves the lead: for good where the answer has `ended`, else for another to go on."""
        ...
