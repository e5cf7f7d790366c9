"""Puts the OpenAI-compatible endpoints together."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from services.gateway.http.door import Door
from services.gateway.observed import refusals
from services.gateway.openai.catalog import Catalog
from services.gateway.openai.chat import ChatCompletions
from services.gateway.openai.conversations import Conversations
from services.gateway.openai.dialogue import Dialogues
from services.gateway.openai.ports import Completions, Embeddings, Models, Records
from services.gateway.openai.responses import Responses
from services.gateway.openai.speaking import Speaking
from services.gateway.openai.vectors import Vectors
from services.gateway.service import ChatService

PATH = "/openai/v1"


def openai_routes(
    door: Door,
    chat: ChatService,
    completions: Completions,
    embeddings: Embeddings,
    models: Models,
    records: Records,
) -> Sequence[BaseRoute]:
    """Everything below `/openai/v1`."""
    catalog = Catalog(models)
    speaking, conversations = Speaking(chat, completions), Conversations(records)
    responses = Responses(speaking, catalog, Dialogues(records, conversations))
    routes = [
        Route("/models", door(catalog.list), methods=["GET"]),
        Route("/models/{model:path}", door(catalog.retrieve), methods=["GET"]),
        Route("/chat/completions", door(ChatCompletions(speaking, catalog).create, refusals), methods=["POST"]),
        Route("/embeddings", door(Vectors(embeddings, catalog).create), methods=["POST"]),
        Route("/responses", door(responses.create, refusals), methods=["POST"]),
        Route("/responses/{response}", door(responses.retrieve), methods=["GET"]),
        Route("/responses/{response}", door(responses.delete), methods=["DELETE"]),
        Route("/responses/{response}/input_items", door(responses.input_items), methods=["GET"]),
        Route("/conversations", door(conversations.create), methods=["POST"]),
        Route("/conversations/{conversation}", door(conversations.retrieve), methods=["GET"]),
        Route("/conversations/{conversation}", door(conversations.update), methods=["POST"]),
        Route("/conversations/{conversation}", door(conversations.delete), methods=["DELETE"]),
        Route("/conversations/{conversation}/items", door(conversations.list_items), methods=["GET"]),
        Route("/conversations/{conversation}/items", door(conversations.add_items), methods=["POST"]),
        Route("/conversations/{conversation}/items/{item}", door(conversations.retrieve_item), methods=["GET"]),
    ]
    return [Mount(PATH, routes=routes)]


async def elsewhere(request: Request, error: Exception) -> Response:
    """For paths and methods that are not served."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"{request.method} {request.scope.get('path', '')} is not served here"
    fault = {"message": message, "type": "invalid_request_error", "param": None, "code": "unknown_url"}
    return JSONResponse({"error": fault}, status)
