"""What `/openapi.json` tells of these endpoints."""

from typing import Any

from pydantic import BaseModel

from services.gateway.openai.conversations import ConversationRequest, ConversationUpdate, ItemsRequest
from services.gateway.openai.responses import ResponseRequest
from services.gateway.openai.shapes import ChatRequest, EmbeddingsRequest
from services.gateway.openapi.document import Fragment

TAG = "OpenAI-compatible"
PATH = "/openai/v1"
ABOUT = (
    f"The base URL of OpenAI's official clients is `{PATH}`; their key is the bearer token. The model `lectern` leaves "
    "the choice to the configuration. With `course` (and `video_url`) in the body a chat completion is a turn of the "
    "course's tutor, and `lectern` in the answer has its thread, turn and citations."
)
ANYTHING: dict[str, Any] = {"type": "object"}
REFS = "#/components/schemas/openai.{model}"
ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
STATUSES = {
    "400": "A field is missing, malformed or not supported.",
    "401": "No valid token.",
    "404": "No such model, course or path.",
    "413": "The body is too large.",
    "429": "Too many requests, or a budget that is spent.",
    "500": "A defect of the server.",
    "503": "No model can answer.",
    "504": "The time ran out.",
}
REQUESTS: tuple[type[BaseModel], ...] = (
    ChatRequest,
    EmbeddingsRequest,
    ResponseRequest,
    ConversationRequest,
    ConversationUpdate,
    ItemsRequest,
)


def fragment() -> Fragment:
    """Paths and schemas of the OpenAI-compatible endpoints."""
    model = {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    chat = _operation("create_chat_completion", "Answers a chat", ChatRequest, stream=True)
    paths = {
        f"{PATH}/models": {"get": _operation("list_models", "Lists the models")},
        f"{PATH}/models/{{model}}": {"get": {**_operation("retrieve_model", "Reads a model"), "parameters": [model]}},
        f"{PATH}/chat/completions": {"post": chat},
        **_dialogue_paths(),
        f"{PATH}/embeddings": {"post": _operation("create_embedding", "Turns texts into vectors", EmbeddingsRequest)},
    }
    return Fragment(TAG, ABOUT, paths, _schemas())


def _dialogue_paths() -> dict[str, Any]:
    """Responses and conversations."""
    response, conversation, item = map(_in_path, ("response", "conversation", "item"))
    pages = [_query("limit"), _query("after"), _query("order")]
    of, said = f"{PATH}/responses/{{response}}", f"{PATH}/conversations/{{conversation}}"
    return {
        f"{PATH}/responses": {"post": _operation("create_response", "Responds", ResponseRequest, stream=True)},
        of: {
            "parameters": [response],
            "get": _operation("retrieve_response", "Reads a response that was kept"),
            "delete": _operation("delete_response", "Deletes a response"),
        },
        f"{of}/input_items": {"parameters": [response], "get": _operation("list_input_items", "Lists what was told")},
        f"{PATH}/conversations": {
            "post": _operation("create_conversation", "Begins a conversation", ConversationRequest)
        },
        said: {
            "parameters": [conversation],
            "get": _operation("retrieve_conversation", "Reads a conversation"),
            "post": _operation("update_conversation", "Changes a conversation", ConversationUpdate),
            "delete": _operation("delete_conversation", "Deletes a conversation"),
        },
        f"{said}/items": {
            "parameters": [conversation],
            "get": {**_operation("list_items", "Lists the items of a conversation"), "parameters": pages},
            "post": _operation("create_items", "Adds items to a conversation", ItemsRequest),
        },
        f"{said}/items/{{item}}": {
            "parameters": [conversation, item],
            "get": _operation("retrieve_item", "Reads an item of a conversation"),
        },
    }


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[A-Za-z0-9_]+$"}}


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def _operation(name: str, summary: str, body: type[BaseModel] | None = None, *, stream: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = {"application/json": {"schema": ANYTHING}}
    if stream:
        answer["text/event-stream"] = {"schema": {"type": "string"}}
    errors = {status: _error(told) for status, told in STATUSES.items()}
    operation: dict[str, Any] = {
        "tags": [TAG],
        "operationId": f"openai_{name}",
        "summary": summary,
        "responses": {"200": {"description": "As OpenAI's API answers.", "content": answer}, **errors},
    }
    if body is not None:
        schema = {"$ref": REFS.format(model=body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _error(told: str) -> dict[str, Any]:
    schema = {"$ref": REFS.format(model="Error")}
    return {"description": told, "content": {"application/json": {"schema": schema}}}


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {"openai.Error": ERROR}
    for model in REQUESTS:
        schema = model.model_json_schema(ref_template=REFS)
        parts = schema.pop("$defs", {})
        found |= {f"openai.{name}": part for name, part in {**parts, model.__name__: schema}.items()}
    return found
