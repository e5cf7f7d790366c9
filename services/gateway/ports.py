"""What the gateway needs of the other services and of the turn log."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from kit.auth.caller import Caller
from services.gateway.model import Begun, Delta, Event, Finish, Grounding, Held, Lease, Notice, Prompt, Question, Turn


class Threads(Protocol):
    """Conversations. Every call raises NotFound for what is not the caller's."""

    async def begin(self, caller: Caller, question: Question, owner: str) -> Begun:
        """Queues the question in its thread, under this owner's lease; a repeated request finds its turn."""

    async def complete(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        """Makes the ended turn durable; raises Conflict where another process has taken it over."""

    async def discard(self, caller: Caller, name: str, lease: Lease) -> None:
        """Takes back a turn that must leave no trace."""

    async def read(self, caller: Caller, name: str) -> Held:
        """The turn as it stands."""

    async def claim(self, caller: Caller, name: str, owner: str) -> Begun:
        """Takes over a turn whose owner is gone; raises Conflict while it lives."""

    async def renew(self, owner: str, *, release: bool = False) -> None:
        """Says that the owner lives, or that it is going."""


class Knowledge(Protocol):
    async def ground(self, caller: Caller, question: Question) -> Grounding:
        """What an answer can lean on; raises NotFound for an unknown course or video."""


class Generation(Protocol):
    def generate(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Delta | Notice | Finish, None]:
        """What a model says, ending with Finish; closing it early closes the provider's connection."""


class Journal(Protocol):
    """The turn log, in the gateway's own words."""

    async def append(self, turn: str, token: int, events: Sequence[Event]) -> None:
        """Keeps the events before they are sent; raises Conflict under an old token, Unavailable while away."""

    async def read(self, turn: str, after: int = 0) -> list[Event]:
        """What was kept after a sequence; raises Unavailable while away."""

    def follow(self, turn: str, after: int = 0) -> AsyncGenerator[Event, None]:
        """What is kept after a sequence, as it comes, until the final event."""


class Orders(Protocol):
    """Orders to the process that holds a turn, wherever it runs."""

    async def cancel(self, owner: str, turn: str) -> None:
        """Tells the owner to stop the turn; raises Unavailable while orders can't be sent."""

    def received(self, owner: str) -> AsyncGenerator[str, None]:
        """The turns that this owner is told to stop."""
