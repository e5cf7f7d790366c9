"""What must be had before a provider is called: room in the limits, and in the budgets."""

import asyncio
import uuid
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

from kit.auth.caller import Caller
from kit.errors import LecternError, Reason, ResourceExhausted
from services.inference.model.generation import Purpose, Usage
from services.inference.model.providers import Limits as Allowance
from services.inference.model.providers import Price, Route, model_class
from services.inference.model.spending import NANOS, Amount, Charge, Payer
from services.inference.ports import Claim, Ledger, Limits, Verdict

MILLION = 1_000_000
UNLIMITED = Allowance()
SPEND = Counter("lectern_spend_micros", "What calls cost, in millionths of a US dollar", ["provider"])
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what, and how many tokens it may take at the most."""

    payer: Payer
    purpose: Purpose
    prompt_tokens: int
    answer_tokens: int

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.answer_tokens


class Doorkeeper:
    """Reserves before each call and settles after it."""

    def __init__(self, limits: Limits, ledger: Ledger, user: Allowance, tenant: Allowance) -> None:
        """`user` and `tenant` are what each of them is allowed in a minute."""
        self._limits, self._ledger = limits, ledger
        self._user, self._tenant = user, tenant
        self._settling: set[asyncio.Task[None]] = set()

    def admission(self, caller: Caller, course: str, purpose: Purpose, prompt: int, answer: int) -> "Admission":
        ask = Ask(Payer(caller.tenant, caller.user, course), purpose, prompt, answer)
        return Admission(self, self._limits, self._ledger, ask)

    def own_claims(self, ask: Ask) -> list[Claim]:
        if self._user == self._tenant == UNLIMITED:
            return []
        user = f"user:{ask.payer.tenant}:{ask.payer.user}"
        return [*claims(user, self._user, ask.tokens), *claims(f"tenant:{ask.payer.tenant}", self._tenant, ask.tokens)]

    def settle_soon(self, grant: "Grant", usage: Usage | None) -> None:
        """Settles beside the stream, which must not wait for it, and need not survive it."""
        if not grant.claims and not grant.reservation:
            grant.charge(usage)
            return
        task = asyncio.create_task(grant.settle(usage))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._settling, return_exceptions=True)


class Admission:
    """One call's way to a provider, over all its tries."""

    def __init__(self, door: Doorkeeper, limits: Limits, ledger: Ledger, ask: Ask) -> None:
        self._door, self._limits, self._ledger, self._ask = door, limits, ledger, ask
        self._line = model_class(ask.purpose)
        self._ticket = ""
        self._queued = False

    async def reserve(self, route: Route, *, queue: bool = False) -> "Grant | Verdict":
        """A grant, or why there is none yet; raises ResourceExhausted where it is the caller's own limit or budget."""
        shared = claims(f"provider:{route.id}", route.provider.limits, self._ask.tokens)
        own = self._door.own_claims(self._ask)
        if shared or own:
            verdict = await self._claim(shared, own, queue=queue)
            if not verdict.granted:
                return verdict
        amount = Amount(self._ask.tokens, cost(route.price, self._ask.prompt_tokens, self._ask.answer_tokens))
        try:
            reservation = await self._ledger.reserve(self._ask.payer, amount)
        except LecternError:
            await self._limits.give_back([*shared, *own])
            raise
        return Grant(self._limits, self._ledger, self._ask, route, [*shared, *own], reservation, self._door)

    async def leave(self) -> None:
        if self._queued:
            await self._limits.leave(self._line, self._ticket)

    async def _claim(self, shared: list[Claim], own: list[Claim], *, queue: bool) -> Verdict:
        user = f"{self._ask.payer.tenant}:{self._ask.payer.user}"
        self._ticket = self._ticket or uuid.uuid4().hex
        verdict = await self._limits.reserve(shared, own, line=self._line, user=user, ticket=self._ticket, queue=queue)
        if verdict.own:
            raise ResourceExhausted("too many requests", Reason.RATE_LIMITED, retry_after=verdict.wait)
        self._queued = not verdict.granted and (queue or self._queued)
        return verdict


@dataclass(frozen=True, slots=True)
class Grant:
    """Room that was reserved for one call."""

    limits: Limits
    ledger: Ledger
    ask: Ask
    route: Route
    claims: list[Claim]
    reservation: str
    door: Doorkeeper

    def settle_soon(self, usage: Usage | None) -> None:
        self.door.settle_soon(self, usage)

    def charge(self, usage: Usage | None) -> None:
        """Pays where nothing is to be given back."""
        if usage is not None:
            self.ledger.charge(self._charge(usage))

    async def settle(self, usage: Usage | None) -> None:
        """Pays for what was used (None: nothing) and gives the rest back."""
        try:
            unused = self.ask.tokens - (usage.total if usage else 0)
            refunds = [Claim(claim.bucket, claim.per_minute, unused) for claim in self.claims if _of_tokens(claim)]
            if refunds and unused:
                await self.limits.give_back(refunds)
            await self.ledger.settle(self.ask.payer, self.reservation, self._charge(usage) if usage else None)
        except LecternError as error:
            log.warning("call_not_settled", provider=self.route.provider.name, error=error.message)

    def _charge(self, usage: Usage) -> Charge:
        price = cost(self.route.price, usage.prompt_tokens, usage.completion_tokens)
        purpose = self.ask.purpose.value
        SPEND.labels(self.route.provider.name).inc((price or 0) / NANOS * MILLION)
        return Charge(self.ask.payer, self.route.provider.name, self.route.model, purpose, usage, price)


def claims(owner: str, allowance: Allowance, tokens: int) -> list[Claim]:
    """What a call takes of an allowance; nothing of what is unlimited."""
    if allowance == UNLIMITED:
        return []
    wanted = (
        Claim(f"{owner}:requests", allowance.requests_per_minute, 1),
        Claim(f"{owner}:tokens", allowance.tokens_per_minute, tokens),
    )
    return [claim for claim in wanted if claim.per_minute]


def cost(price: Price | None, prompt_tokens: int, completion_tokens: int) -> int | None:
    """Billionths of a US dollar; None where the price is not known."""
    if price is None:
        return None
    return round((price.prompt * prompt_tokens + price.completion * completion_tokens) * NANOS / MILLION)


def _of_tokens(claim: Claim) -> bool:
    return claim.bucket.endswith(":tokens")
