"""`GET /models`, and which model a client means."""

import asyncio
import time
from collections.abc import Sequence

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kit.auth.caller import Caller
from kit.errors import NotFound
from services.gateway.openai.ports import Model, Models

# The name that leaves the choice to the configuration.
ANY = "lectern"
KEPT_SECONDS = 30.0
# The models have no date of their own.
CREATED = 1_767_225_600

log = structlog.get_logger()


class Catalog:
    """The configured models, asked for at most twice a minute."""

    def __init__(self, models: Models) -> None:
        self._source = models
        self._models: Sequence[Model] = ()
        self._until = 0.0
        self._asking: asyncio.Task[Sequence[Model]] | None = None

    async def list(self, _: Request, caller: Caller) -> Response:
        listed = [_entry(ANY, "lectern"), *(_entry(model.name, model.provider) for model in await self._known())]
        return JSONResponse({"object": "list", "data": listed})

    async def retrieve(self, request: Request, caller: Caller) -> Response:
        wanted = request.path_params["model"]
        if wanted == ANY:
            return JSONResponse(_entry(ANY, "lectern"))
        for model in await self._known():
            if model.name == wanted:
                return JSONResponse(_entry(model.name, model.provider))
        raise _unknown(wanted)

    async def chat_model(self, wanted: str) -> str:
        """The model to ask for, empty where any will do; raises NotFound for one that is not configured."""
        return await self._model(wanted, embeds=False)

    async def embedding_model(self, wanted: str) -> str:
        """The same for vectors."""
        return await self._model(wanted, embeds=True)

    async def _model(self, wanted: str, *, embeds: bool) -> str:
        if wanted == ANY:
            return ""
        if any(model.name == wanted and model.embeds == embeds for model in await self._known()):
            return wanted
        raise _unknown(wanted)

    async def _known(self) -> Sequence[Model]:
        """What was listed last serves until there is news; where there was nothing yet, all wait for one answer."""
        if time.monotonic() >= self._until:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
                self._asking.add_done_callback(self._asked)
            if not self._models:
                return await asyncio.shield(self._asking)
        return self._models

    async def _ask(self) -> Sequence[Model]:
        self._models = await self._source.models()
        self._until = time.monotonic() + KEPT_SECONDS
        return self._models

    def _asked(self, asking: asyncio.Task[Sequence[Model]]) -> None:
        self._asking = None
        if not asking.cancelled() and (error := asking.exception()):
            log.info("models_not_listed", error=str(error))


def _entry(name: str, owner: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": owner}


def _unknown(name: str) -> NotFound:
    message = f"The model `{name}` does not exist here; GET /openai/v1/models lists those that do."
    return NotFound(message, field="model", metadata={"code": "model_not_found"})
