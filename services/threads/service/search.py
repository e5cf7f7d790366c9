"""Words found in a user's own conversations."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit.auth.caller import Caller
from kit.pagination import PageTokens
from services.threads.model import Message, Role, Thread, messages_of
from services.threads.ports import Hit, ThreadStore, TurnSearch
from services.threads.service.limits import check_query
from services.threads.service.snippets import Highlighter


@dataclass(frozen=True, slots=True)
class Find:
    """A message that has some of the words; the snippet is HTML."""

    thread: Thread
    message: Message
    snippet: str


@dataclass(frozen=True, slots=True)
class FindPage:
    finds: Sequence[Find]
    next_token: str = ""


class Search:
    """Looks for words and shows them where they stand."""

    def __init__(self, *, threads: ThreadStore, turns: TurnSearch, tokens: PageTokens) -> None:
        self._threads = threads
        self._turns = turns
        self._tokens = tokens

    async def find(self, caller: Caller, query: str, course: str, limit: int, token: str = "") -> FindPage:
        """A page of finds, best first; `token` is that of the page before."""
        check_query(query)
        words = Highlighter(query)
        scope = "\0".join(["search", caller.tenant, caller.user, course, query])
        cursor = self._tokens.decode(token, scope)
        after = (float(cursor[0]), str(cursor[1])) if cursor else None
        hits = await self._turns.find(caller, words.sought, course, after, limit + 1)
        shown = hits[:limit]
        finds = await self._shown(caller, shown, words)
        if len(hits) <= limit:
            return FindPage(finds)
        return FindPage(finds, self._tokens.encode(scope, [shown[-1].score, shown[-1].turn.id]))

    async def _shown(self, caller: Caller, hits: Sequence[Hit], words: Highlighter) -> list[Find]:
        threads = await self._threads.get_many(caller, {hit.turn.thread for hit in hits})
        return [_find(threads[hit.turn.thread], hit, words) for hit in hits if hit.turn.thread in threads]


def _find(thread: Thread, hit: Hit, words: Highlighter) -> Find:
    """Of question and answer the one that has more of the words."""
    question, answer = messages_of(hit.turn)
    message = max(question, answer, key=lambda m: (words.count_in(m.text), m.role is Role.USER))
    return Find(thread, message, words.snippet(message.text))
