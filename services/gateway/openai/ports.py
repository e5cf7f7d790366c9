"""What the OpenAI-compatible endpoints need of inference."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from kit.auth.caller import Caller
from services.gateway.model import AS_CONFIGURED, Delta, Finish, Notice, Options


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that was said; `role` is `system`, `user` or `assistant`."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model is to go on from, and how."""

    messages: tuple[Message, ...]
    options: Options = AS_CONFIGURED


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of unit length, in the order of the texts."""

    vectors: tuple[tuple[float, ...], ...]
    model: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Model:
    """A model by the name that clients call it by; one that embeds does not chat."""

    name: str
    provider: str
    embeds: bool


@dataclass(frozen=True, slots=True)
class Record:
    """What a client keeps here: a body and entries in order, all of them JSON; `created` in seconds of the epoch."""

    id: str
    body: str
    entries: tuple[str, ...] = ()
    created: float = 0.0


class Records(Protocol):
    """Records of the caller; all but `keep` raise NotFound for those of others."""

    async def keep(self, caller: Caller, record: Record) -> Record:
        """Keeps a new record, or a new body of one that exists."""

    async def read(self, caller: Caller, record: str) -> Record: ...

    async def append(self, caller: Caller, record: str, entries: Sequence[str]) -> Record:
        """All or none; raises FailedPrecondition where the record is full."""

    async def discard(self, caller: Caller, record: str) -> None: ...


class Completions(Protocol):
    def complete(self, caller: Caller, completion: Completion) -> AsyncGenerator[Delta | Notice | Finish, None]:
        """What the model says, ending with Finish; closing it early closes the provider's connection."""


class Embeddings(Protocol):
    async def embed(self, caller: Caller, texts: Sequence[str]) -> Embedded: ...


class Models(Protocol):
    async def models(self) -> Sequence[Model]:
        """The models that are configured, each once."""
