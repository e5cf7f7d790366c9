"""Items of conversations and responses: messages, as OpenAI's clients send, keep and read them."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, Field

from services.gateway.openai.ports import Message
from services.gateway.openai.shapes import Content, Role, text_of

ROLES = {"developer": "system"}


class InputMessage(BaseModel):
    type: Literal["message"] = "message"
    role: Role
    content: Content


Items = Annotated[list[InputMessage], Field(max_length=100)]


def items_of(messages: Iterable[InputMessage]) -> list[dict[str, Any]]:
    """Messages as items, each with an id of its own."""
    return [item(message.role, text_of(message.content)) for message in messages]


def item(role: str, text: str, status: str = "completed") -> dict[str, Any]:
    said = role == "assistant"
    part = {"type": "output_text", "text": text, "annotations": []} if said else {"type": "input_text", "text": text}
    return {
        "id": f"msg_{uuid.uuid4().hex}",
        "type": "message",
        "role": role,
        "status": status,
        "content": [part],
    }


def messages_of(items: Iterable[dict[str, Any]]) -> tuple[Message, ...]:
    """The items as a model reads them."""
    return tuple(
        Message(ROLES.get(each["role"], each["role"]), "".join(part["text"] for part in each["content"]))
        for each in items
    )


def packed(items: Iterable[dict[str, Any]]) -> list[str]:
    return [orjson.dumps(each).decode() for each in items]


def unpacked(entries: Iterable[str]) -> list[dict[str, Any]]:
    return [orjson.loads(entry) for entry in entries]


def listed(items: Sequence[dict[str, Any]], *, more: bool = False) -> dict[str, Any]:
    """A page of items."""
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": more,
    }
