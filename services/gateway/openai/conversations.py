"""`/conversations`: items that a client keeps here, and that its responses go on from."""

import uuid
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, NotFound
from services.gateway.http.bodies import read_model
from services.gateway.openai.items import Items, items_of, listed, packed, unpacked
from services.gateway.openai.ports import Record, Records

PREFIX = "conv_"
MAX_PAGE = 100

Metadata = Annotated[dict[str, str], Field(max_length=16)]


class ConversationRequest(BaseModel):
    """A conversation to create."""

    items: Items | None = None
    metadata: Metadata | None = None


class ConversationUpdate(BaseModel):
    """What to change of a conversation."""

    metadata: Metadata


class ItemsRequest(BaseModel):
    """Items to add to a conversation."""

    items: Items


class Conversations:
    """Conversations of the caller, kept by the threads service."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def create(self, request: Request, caller: Caller) -> Response:
        asked = await read_model(request, ConversationRequest)
        entries = tuple(packed(items_of(asked.items or [])))
        record = Record(f"{PREFIX}{uuid.uuid4().hex}", _body(asked.metadata or {}), entries)
        return JSONResponse(_conversation(await self._records.keep(caller, record)))

    async def retrieve(self, request: Request, caller: Caller) -> Response:
        return JSONResponse(_conversation(await self.read(caller, request.path_params["conversation"])))

    async def update(self, request: Request, caller: Caller) -> Response:
        record = await self.read(caller, request.path_params["conversation"])
        asked = await read_model(request, ConversationUpdate)
        kept = await self._records.keep(caller, Record(record.id, _body(asked.metadata)))
        return JSONResponse(_conversation(kept))

    async def delete(self, request: Request, caller: Caller) -> Response:
        record = await self.read(caller, request.path_params["conversation"])
        await self._records.discard(caller, record.id)
        return JSONResponse({"id": record.id, "object": "conversation.deleted", "deleted": True})

    async def add_items(self, request: Request, caller: Caller) -> Response:
        record = await self.read(caller, request.path_params["conversation"])
        added = items_of((await read_model(request, ItemsRequest)).items)
        await self._records.append(caller, record.id, packed(added))
        return JSONResponse(listed(added))

    async def list_items(self, request: Request, caller: Caller) -> Response:
        """The latest first, unless `order=asc`."""
        items = unpacked((await self.read(caller, request.path_params["conversation"])).entries)
        if request.query_params.get("order", "desc") != "asc":
            items.reverse()
        after, limit = request.query_params.get("after", ""), _limit(request.query_params.get("limit", "20"))
        if after:
            ids = [item["id"] for item in items]
            if after not in ids:
                raise NotFound("no such item", field="after")
            items = items[ids.index(after) + 1 :]
        return JSONResponse(listed(items[:limit], more=len(items) > limit))

    async def retrieve_item(self, request: Request, caller: Caller) -> Response:
        for item in unpacked((await self.read(caller, request.path_params["conversation"])).entries):
            if item["id"] == request.path_params["item"]:
                return JSONResponse(item)
        raise NotFound("no such item")

    async def read(self, caller: Caller, conversation: str) -> Record:
        """Raises NotFound for what is not the caller's, or no conversation."""
        if not conversation.startswith(PREFIX):
            raise NotFound("no such conversation", field="conversation")
        return await self._records.read(caller, conversation)


def _conversation(record: Record) -> dict[str, Any]:
    return {"id": record.id, "object": "conversation", "created_at": int(record.created), **orjson.loads(record.body)}


def _body(metadata: dict[str, str]) -> str:
    return orjson.dumps({"metadata": metadata}).decode()


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PAGE):
        raise InvalidArgument(f"limit must be 1 to {MAX_PAGE}", field="limit")
    return int(text)
