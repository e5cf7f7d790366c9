from collections.abc import Sequence

from kit.auth.caller import Caller
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.model import Sought, Turn, turn_terms
from services.threads.ports import Hit


class MemoryTurnSearch:
    """Ranks by how much of the query a turn has."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def find(
        self, caller: Caller, query: Sought, course: str, after: tuple[float, str] | None, limit: int
    ) -> Sequence[Hit]:
        turns = [turn for turn in self._database.ended(caller) if not course or turn.course == course]
        hits = [Hit(turn, query.score(_terms(turn))) for turn in turns]
        found = sorted((hit for hit in hits if hit.score), key=_place)
        return [hit for hit in found if after is None or _place(hit) > (-after[0], after[1])][:limit]


def _terms(turn: Turn) -> frozenset[str]:
    return frozenset(turn_terms(turn.question.text, turn.answer.text))


def _place(hit: Hit) -> tuple[float, str]:
    return -hit.score, hit.turn.id
