"""The ledger in MongoDB: sums by day, written in groups; budgets beside them."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import structlog
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from kit.breaker.guard import Guard
from kit.errors import Reason, ResourceExhausted
from kit.mongo import translated
from services.inference.adapters.memory_ledger import scopes
from services.inference.adapters.mongo_budgets import MongoBudgets
from services.inference.model.spending import Amount, Budget, Charge, Line, Payer

KNOWN_SECONDS = 2.0
MAX_KNOWN = 20_000
MAX_WAITING = 20_000
GATHER_SECONDS = 0.2
RETRY_SECONDS = 1.0
CLOSING_SECONDS = 5.0
MAX_LINES = 1000
SUMS = ("calls", "prompt_tokens", "completion_tokens", "cost", "unpriced_calls")
Entry = tuple[str, ...]

log = structlog.get_logger()


async def ensure_indexes(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Creates the indexes that are missing; any number of instances may do so at once."""
    await database["spend"].create_index([("tenant", 1), ("day", 1), ("user", 1)])


class MongoLedger:
    def __init__(self, database: AsyncDatabase[dict[str, Any]], guard: Guard) -> None:
        """`guard` fails calls fast while the database is away."""
        self._guard = guard
        self._database = database
        self._spend = database["spend"]
        self._budgets = MongoBudgets(database["budgets"])
        self._known: dict[str, tuple[float, frozenset[str]]] = {}
        self._waiting: dict[Entry, list[int]] = {}
        self._prepared = False
        self._closing = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()  # whoever flushes waits also for what is being written already

    async def close(self) -> None:
        """Writes what is still waiting."""
        self._closing.set()
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=CLOSING_SECONDS)

    async def reserve(self, payer: Payer, amount: Amount) -> str:
        if self._known_names(payer.tenant) == frozenset():
            return ""
        async with self._guard(), self._translated():
            concerned = await self._concerned(payer)
            reservation = uuid.uuid4().hex if concerned else ""
            held: list[str] = []
            for name in concerned:
                if not await self._budgets.hold(name, reservation, amount):
                    await self._let_go(held, reservation)
                    raise ResourceExhausted("the budget is spent", Reason.BUDGET_EXHAUSTED)
                held.append(name)
        return reservation

    async def settle(self, payer: Payer, reservation: str, charge: Charge | None) -> None:
        if charge is not None:
            self.charge(charge)
        if reservation:
            tokens, cost = (charge.usage.total, charge.cost or 0) if charge else (0, 0)
            async with self._guard(), self._translated():
                await self._let_go([_name(key) for key in scopes(payer)], reservation, tokens, cost)

    async def usage(self, tenant: str, user: str, course: str, first: date, last: date) -> Sequence[Line]:
        wanted: dict[str, Any] = {"tenant": tenant, "day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
        wanted |= {key: value for key, value in (("user", user), ("course", course)) if value}
        kinds = ("user", "course", "provider", "model", "purpose")
        group = {"_id": {kind: f"${kind}" for kind in kinds}, **{name: {"$sum": f"${name}"} for name in SUMS}}
        async with self._guard(), self._translated():
            await self._flush()
            rows = await self._spend.aggregate([{"$match": wanted}, {"$group": group}, {"$limit": MAX_LINES}])
            lines = [Line(**row["_id"], **{name: row[name] for name in SUMS}) async for row in rows]
        return sorted(lines, key=lambda line: -(line.prompt_tokens + line.completion_tokens))

    async def erase(self, tenant: str, user: str) -> None:
        async with self._guard(), self._translated():
            await self._flush()
            await self._spend.delete_many({"tenant": tenant, "user": user})
            await self._budgets.remove(_name((tenant, user, "")))
        self._known.clear()

    async def budgets(self, tenant: str) -> Sequence[Budget]:
        async with self._guard(), self._translated():
            return await self._budgets.of(tenant)

    async def set_budget(self, budget: Budget) -> Budget:
        async with self._guard(), self._translated():
            kept = await self._budgets.set(_name((budget.tenant, budget.user, budget.course)), budget)
        self._known.clear()  # after the write: a call beside it may have looked up what stood before
        return kept

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        with translated():
            yield

    async def _concerned(self, payer: Payer) -> list[str]:
        """The budgets that exist for the payer; a tenant's are looked up anew every two seconds."""
        names = self._known_names(payer.tenant)
        if names is None:
            names = frozenset(await self._budgets.names(payer.tenant))
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[payer.tenant] = (time.monotonic() + KNOWN_SECONDS, names)
        return [name for key in scopes(payer) if (name := _name(key)) in names]

    def _known_names(self, tenant: str) -> frozenset[str] | None:
        """None where they must be looked up."""
        until, names = self._known.get(tenant, (0.0, frozenset()))
        return None if until < time.monotonic() else names

    async def _let_go(self, names: Sequence[str], reservation: str, tokens: int = 0, cost: int = 0) -> None:
        for name in names:
            await self._budgets.let_go(name, reservation, tokens, cost)

    def charge(self, charge: Charge) -> None:
        payer, day = charge.payer, datetime.now(UTC).date().isoformat()
        key = (payer.tenant, payer.user, payer.course, charge.provider, charge.model, charge.purpose, day)
        if key not in self._waiting and len(self._waiting) >= MAX_WAITING:
            log.error("charge_lost", error="the spend ledger cannot be written", tenant=payer.tenant, user=payer.user)
            return
        taken = (1, charge.usage.prompt_tokens, charge.usage.completion_tokens, charge.cost or 0)
        self._add(key, (*taken, int(charge.cost is None)))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    def _add(self, key: Entry, taken: Sequence[int]) -> None:
        sums = self._waiting.get(key)
        self._waiting[key] = list(taken) if sums is None else [sum(each) for each in zip(sums, taken, strict=True)]

    async def _write(self) -> None:
        while self._waiting:
            with contextlib.suppress(TimeoutError):  # calls that end within a moment are written together
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._closing.wait()
            try:
                await self._prepare()
                await self._flush()
            except PyMongoError as error:
                log.warning("ledger_waits", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _prepare(self) -> None:
        """With the first write, so that a start does not need the database."""
        if not self._prepared:
            await ensure_indexes(self._database)
            self._prepared = True

    async def _flush(self) -> None:
        async with self._flushing:
            batch, self._waiting = self._waiting, {}
            if not batch:
                return
            try:
                await self._spend.bulk_write([_update(key, sums) for key, sums in batch.items()], ordered=False)
            except BaseException:
                for key, sums in batch.items():  # late, and at worst twice, is better than lost
                    self._add(key, sums)
                raise


def _update(key: Entry, sums: Sequence[int]) -> UpdateOne:
    tenant, user, course, provider, model, purpose, day = key
    fields = {"tenant": tenant, "user": user, "course": course, "provider": provider, "model": model}
    fields |= {"purpose": purpose, "day": day}
    return UpdateOne({"_id": fields}, {"$inc": dict(zip(SUMS, sums, strict=True)), "$setOnInsert": fields}, upsert=True)


def _name(key: tuple[str, str, str]) -> str:
    tenant, user, course = key
    return "|".join((tenant, user and f"user:{user}", course and f"course:{course}"))
