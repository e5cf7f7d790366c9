"""Puts the OpenAI-compatible endpoints together."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from kit.auth.tokens import UserTokens
from services.gateway.http.door import Door
from services.gateway.openai.catalog import Catalog
from services.gateway.openai.chat import ChatCompletions
from services.gateway.openai.errors import error_response
from services.gateway.openai.ports import Completions, Embeddings, Models
from services.gateway.openai.speaking import Speaking
from services.gateway.openai.vectors import Vectors
from services.gateway.service import ChatService

PATH = "/openai/v1"


def openai_routes(
    tokens: UserTokens, chat: ChatService, completions: Completions, embeddings: Embeddings, models: Models
) -> Sequence[BaseRoute]:
    """Everything below `/openai/v1`."""
    door, catalog = Door(tokens, error_response), Catalog(models)
    speaking = Speaking(chat, completions)
    routes = [
        Route("/models", door(catalog.list), methods=["GET"]),
        Route("/models/{model:path}", door(catalog.retrieve), methods=["GET"]),
        Route("/chat/completions", door(ChatCompletions(speaking, catalog).create), methods=["POST"]),
        Route("/embeddings", door(Vectors(embeddings, catalog).create), methods=["POST"]),
    ]
    return [Mount(PATH, Starlette(routes=routes, exception_handlers={HTTPException: _elsewhere}))]


async def _elsewhere(request: Request, error: Exception) -> Response:
    """For paths and methods that are not served."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"{request.method} {request.scope.get('path', '')} is not served here"
    fault = {"message": message, "type": "invalid_request_error", "param": None, "code": "unknown_url"}
    return JSONResponse({"error": fault}, status)
