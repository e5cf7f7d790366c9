from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.auth.caller import Caller
from kit.jobs.model import Job
from kit.jobs.webhooks.model import Webhook


@dataclass(frozen=True, slots=True)
class WebhookQuery:
    """A page of webhooks, oldest first, after the creation time and id of the one before."""

    limit: int
    after: tuple[datetime, str] | None = None


class WebhookStore(Protocol):
    """A caller's webhooks; for admins those of their tenant."""

    async def create(self, webhook: Webhook) -> None: ...

    async def get(self, webhook: str) -> Webhook | None:
        """Whosever it is."""
        ...

    async def find(self, caller: Caller, webhook: str) -> Webhook | None: ...

    async def page(self, caller: Caller, query: WebhookQuery) -> Sequence[Webhook]: ...

    async def count(self, caller: Caller) -> int: ...

    async def delete(self, caller: Caller, webhook: str) -> bool:
        """Whether it was there."""
        ...

    async def enable(self, caller: Caller, webhook: str) -> Webhook | None:
        """Forgets its failures."""
        ...

    async def settled(self, webhook: str, *, failed: bool, most_failures: int) -> None:
        """Counts failures in a row; so many disable it."""
        ...

    async def listening(self, tenants: Collection[str]) -> Sequence[Webhook]:
        """The webhooks of these tenants that are not disabled."""
        ...


class EndedJobs(Protocol):
    async def ended(self, after: datetime, limit: int) -> Sequence[Job]:
        """Jobs that ended after this time, in that order."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an address answered: its status, the beginning of its body, and after how many milliseconds."""

    status: int
    body: str
    milliseconds: int


class Postman(Protocol):
    """Carries messages to addresses of the public internet."""

    async def check(self, url: str) -> None:
        """Raises InvalidArgument (ADDRESS_REFUSED) for what is no public address, or cannot be found."""
        ...

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Receipt:
        """Raises as `check`; Unavailable where nobody answers."""
        ...
