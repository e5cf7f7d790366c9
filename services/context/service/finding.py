"""Searches the passages of a course."""

from collections.abc import Sequence

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, Reason
from services.context.service.grounding import Grounding, video_of
from services.context.service.search import Found, Search

LONGEST_QUERY = 2000


class Finding:
    """For readers rather than for turns: no budget of tokens, and one video alone where it is named."""

    def __init__(self, grounding: Grounding, search: Search) -> None:
        self._grounding = grounding
        self._search = search

    async def passages(self, caller: Caller, course: str, query: str, video_url: str, limit: int) -> Sequence[Found]:
        if not query.strip():
            raise InvalidArgument("query must not be empty", field="query")
        if len(query) > LONGEST_QUERY:
            raise InvalidArgument(f"query must have at most {LONGEST_QUERY:,} letters", Reason.TOO_LARGE, field="query")
        knowledge = await self._grounding.knowledge(caller, course)
        only = video_of(knowledge, video_url)
        return await self._search.best(caller, knowledge, query, limit, only=only)
