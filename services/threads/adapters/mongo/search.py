"""Search by an index of each turn's terms, whose prefix keeps each user to their own words."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from kit.auth.caller import Caller
from kit.mongo import translated
from services.threads.adapters.mongo.database import Collection, Database
from services.threads.adapters.mongo.documents import TERMS, Document, own, terms_of_row, to_ended
from services.threads.model import Run, Sought
from services.threads.model.words import LEAST_SHARE
from services.threads.ports import Hit

FILLED_AT_ONCE = 500
# What a search fills before it looks: as little as is not felt. The migration fills all.
FILLED_BY_SEARCH = 50

Expression = dict[str, Any]


class MongoTurnSearch:
    """Ranks by how much of the query a turn has."""

    def __init__(self, database: Database) -> None:
        self._turns = database.turns

    async def find(
        self, caller: Caller, query: Sought, course: str, after: tuple[float, str] | None, limit: int
    ) -> Sequence[Hit]:
        if not query.runs:
            return []
        conditions = own(caller, **{TERMS: {"$in": sorted(query.terms)}}, ended={"$exists": True})
        if course:
            conditions["course"] = course
        pipeline: list[dict[str, Any]] = [
            {"$match": conditions},
            {"$set": {"shares": [_share(run) for run in query.runs]}},
            {"$match": {"shares": {"$gte": LEAST_SHARE}}},
            {"$set": {"score": {"$sum": "$shares"}}},
            {"$unset": [TERMS, "shares"]},
        ]
        if after is not None:
            score, turn = after
            pipeline.append({"$match": {"$or": [{"score": {"$lt": score}}, {"score": score, "_id": {"$gt": turn}}]}})
        pipeline += [{"$sort": {"score": -1, "_id": 1}}, {"$limit": limit}]
        with translated():
            # Of versions before this one, which may still run beside it.
            await fill_some_terms(self._turns, own(caller), FILLED_BY_SEARCH)
            cursor = await self._turns.aggregate(pipeline)
            return [Hit(to_ended(document), document["score"]) for document in await cursor.to_list()]


async def fill_terms(turns: Collection, of: Expression) -> None:
    """Gives ended turns their terms that have none; harmless when many do so at once, or again."""
    while await fill_some_terms(turns, of, FILLED_AT_ONCE):
        pass


async def fill_some_terms(turns: Collection, of: Expression, most: int) -> int:
    """As `fill_terms`, for so many turns at the most; returns for how many."""
    without = {**of, TERMS: None, "ended": {"$exists": True}}
    rows = await turns.find(without, {"question": 1, "answer": 1}).limit(most).to_list()
    if rows:
        await turns.bulk_write(await asyncio.to_thread(_fillings, rows), ordered=False)
    return len(rows)


def _fillings(rows: Sequence[Document]) -> list[UpdateOne]:
    return [UpdateOne({"_id": row["_id"], TERMS: None}, {"$set": {TERMS: terms_of_row(row)}}) for row in rows]


def _share(run: Run) -> Expression:
    """As `Run.share_in`, of a row."""
    found: Expression = {"$size": {"$setIntersection": [f"${TERMS}", sorted(run.terms)]}}
    return {"$min": [found, 1]} if run.is_word else {"$divide": [found, len(run.terms)]}
