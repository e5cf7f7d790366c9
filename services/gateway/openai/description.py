"""What `/openapi.json` tells of these endpoints."""

from typing import Any

from pydantic import BaseModel

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
REQUESTS: tuple[type[BaseModel], ...] = (ChatRequest, EmbeddingsRequest)


def fragment() -> Fragment:
    """Paths and schemas of the OpenAI-compatible endpoints."""
    model = {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    chat = _operation("create_chat_completion", "Answers a chat", ChatRequest, stream=True)
    paths = {
        f"{PATH}/models": {"get": _operation("list_models", "Lists the models")},
        f"{PATH}/models/{{model}}": {"get": {**_operation("retrieve_model", "Reads a model"), "parameters": [model]}},
        f"{PATH}/chat/completions": {"post": chat},
        f"{PATH}/embeddings": {"post": _operation("create_embedding", "Turns texts into vectors", EmbeddingsRequest)},
    }
    return Fragment(TAG, ABOUT, paths, _schemas())


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
