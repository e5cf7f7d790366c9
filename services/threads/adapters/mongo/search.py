"""Full-text search by MongoDB's text index, whose prefix keeps each user to their own words."""

from collections.abc import Sequence
from typing import Any

from kit.auth.caller import Caller
from kit.mongo import translated
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import own, to_ended
from services.threads.ports import Hit


class MongoTurnSearch:
    """Ranks by how often and how closely the words stand in question and answer."""

    def __init__(self, database: Database) -> None:
        self._turns = database.turns

    async def find(
        self, caller: Caller, words: str, course: str, after: tuple[float, str] | None, limit: int
    ) -> Sequence[Hit]:
        conditions = own(caller, **{"$text": {"$search": words}})
        if course:
            conditions["course"] = course
        pipeline: list[dict[str, Any]] = [{"$match": conditions}, {"$set": {"score": {"$meta": "textScore"}}}]
        if after is not None:
            score, turn = after
            pipeline.append({"$match": {"$or": [{"score": {"$lt": score}}, {"score": score, "_id": {"$gt": turn}}]}})
        pipeline += [{"$sort": {"score": -1, "_id": 1}}, {"$limit": limit}]
        with translated():
            cursor = await self._turns.aggregate(pipeline)
            return [Hit(to_ended(document), document["score"]) for document in await cursor.to_list()]
