from collections.abc import Sequence

from kit.auth.caller import Caller
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.model import Turn
from services.threads.ports import Hit
from services.threads.service.snippets import Highlighter


class MemoryTurnSearch:
    """Ranks by how many of the words a turn has."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def find(
        self, caller: Caller, words: str, course: str, after: tuple[float, str] | None, limit: int
    ) -> Sequence[Hit]:
        sought = Highlighter(words)
        turns = [turn for turn in self._database.ended(caller) if not course or turn.course == course]
        hits = [Hit(turn, float(sought.count_in(_text(turn)))) for turn in turns]
        found = sorted((hit for hit in hits if hit.score), key=_place)
        return [hit for hit in found if after is None or _place(hit) > (-after[0], after[1])][:limit]


def _text(turn: Turn) -> str:
    return f"{turn.question.text} {turn.answer.text}"


def _place(hit: Hit) -> tuple[float, str]:
    return -hit.score, hit.turn.id
