"""What a response goes on from, and where it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from kit.auth.caller import Caller
from kit.errors import NotFound
from services.gateway.openai.conversations import Conversations
from services.gateway.openai.items import packed, unpacked
from services.gateway.openai.ports import Record, Records

PREFIX = "resp_"
# As many items as a record holds.
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The items so far, and the conversation that they are of, if any."""

    items: Sequence[dict[str, Any]] = ()
    conversation: str = ""


class Dialogues:
    """Reads the past of a response, and keeps what comes of it."""

    def __init__(self, records: Records, conversations: Conversations) -> None:
        self._records = records
        self._conversations = conversations

    async def past(self, caller: Caller, conversation: str, previous: str) -> Dialogue:
        """Of a conversation or of an earlier response; raises NotFound."""
        if conversation:
            record = await self._conversations.read(caller, conversation)
            return Dialogue(unpacked(record.entries), conversation)
        return Dialogue(unpacked((await self.read(caller, previous)).entries)) if previous else Dialogue()

    async def keep(
        self, caller: Caller, past: Dialogue, new: Sequence[dict[str, Any]], response: dict[str, Any]
    ) -> None:
        """The new items go to the conversation; the response is kept with all items where it is to be stored."""
        if past.conversation:
            await self._records.append(caller, past.conversation, packed(new))
        if response["store"]:
            entries = tuple(packed([*past.items, *new])[-MOST_KEPT:])
            await self._records.keep(caller, Record(response["id"], orjson.dumps(response).decode(), entries))

    async def read(self, caller: Caller, response: str) -> Record:
        """A response that was kept; raises NotFound."""
        if not response.startswith(PREFIX):
            raise NotFound("no such response")
        return await self._records.read(caller, response)

    async def discard(self, caller: Caller, response: str) -> None:
        await self._records.discard(caller, (await self.read(caller, response)).id)
