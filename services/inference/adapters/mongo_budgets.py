"""Budgets in MongoDB: one document each, so that setting aside is one atomic step."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from services.inference.model.spending import Amount, Budget, Period

HELD_FOR = timedelta(minutes=10)  # longer than any call; what a lost process set aside comes free then
Document = dict[str, Any]


class MongoBudgets:
    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self._collection = collection

    async def names(self, tenant: str) -> list[str]:
        return [row["_id"] async for row in self._collection.find({"tenant": tenant}, {"_id": 1})]

    async def hold(self, name: str, reservation: str, amount: Amount) -> bool:
        """Sets the amount aside where there is room; True also where the budget is gone."""
        now = datetime.now(UTC)
        mine = {"id": reservation, "tokens": amount.tokens, "cost": amount.cost or 0, "until": now + HELD_FOR}
        row = await self._collection.find_one_and_update(
            {"_id": name},
            [
                {"$set": _renewed(now)},
                {"$set": {"held": {"$cond": [_room(amount), {"$concatArrays": ["$held", [mine]]}, "$held"]}}},
            ],
            projection={"held": 1},
            return_document=ReturnDocument.AFTER,
        )
        return row is None or any(held["id"] == reservation for held in row["held"])

    async def let_go(self, name: str, reservation: str, tokens: int, cost: int) -> None:
        await self._collection.update_one(
            {"_id": name},
            {"$pull": {"held": {"id": reservation}}, "$inc": {"spent_tokens": tokens, "spent_cost": cost}},
        )

    async def of(self, tenant: str) -> list[Budget]:
        now = datetime.now(UTC)
        rows = await self._collection.aggregate([{"$match": {"tenant": tenant}}, {"$set": _renewed(now)}])
        return [_budget(row) async for row in rows]

    async def set(self, name: str, budget: Budget) -> Budget:
        if not budget.token_limit and not budget.cost_limit:
            await self.remove(name)
            return budget
        wanted = {
            "tenant": budget.tenant,
            "user": budget.user,
            "course": budget.course,
            "period": budget.period.value,
            "token_limit": budget.token_limit,
            "cost_limit": budget.cost_limit,
        }
        row = await self._collection.find_one_and_update(
            {"_id": name},
            [
                {"$set": {key: {"$literal": value} for key, value in wanted.items()}},
                {"$set": _renewed(datetime.now(UTC))},
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return _budget(row or {})

    async def remove(self, name: str) -> None:
        await self._collection.delete_one({"_id": name})


def _renewed(now: datetime) -> Document:
    """Spending counted anew in a new period, and without what lost processes set aside."""
    windows = [{"case": {"$eq": ["$period", period.value]}, "then": period.window(now)} for period in Period]
    window: Document = {"$switch": {"branches": windows, "default": "total"}}
    same = {"$eq": ["$window", window]}
    live = {"$filter": {"input": {"$ifNull": ["$held", []]}, "as": "h", "cond": {"$gt": ["$$h.until", now]}}}
    return {
        "window": window,
        "spent_tokens": {"$cond": [same, {"$ifNull": ["$spent_tokens", 0]}, 0]},
        "spent_cost": {"$cond": [same, {"$ifNull": ["$spent_cost", 0]}, 0]},
        "held": live,
    }


def _room(amount: Amount) -> Document:
    """Whether the amount fits both limits; an unknown cost fits no limit on cost."""
    return {
        "$and": [
            _fits("$token_limit", ["$spent_tokens", {"$sum": "$held.tokens"}, amount.tokens]),
            _fits(
                "$cost_limit", ["$spent_cost", {"$sum": "$held.cost"}, amount.cost or 0], known=amount.cost is not None
            ),
        ]
    }


def _fits(limit: str, parts: list[Any], *, known: bool = True) -> Document:
    return {"$or": [{"$eq": [limit, 0]}, {"$and": [known, {"$lte": [{"$add": parts}, limit]}]}]}


def _budget(row: Mapping[str, Any]) -> Budget:
    return Budget(
        tenant=row["tenant"],
        user=row["user"],
        course=row["course"],
        period=Period(row["period"]),
        token_limit=row["token_limit"],
        cost_limit=row["cost_limit"],
        spent_tokens=row["spent_tokens"],
        spent_cost=row["spent_cost"],
        reserved_tokens=sum(held["tokens"] for held in row["held"]),
    )
