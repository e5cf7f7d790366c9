"""`POST /embeddings`."""

import base64
import struct
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, Reason
from services.gateway.http.bodies import read_model, while_connected
from services.gateway.openai.answers import OrjsonResponse
from services.gateway.openai.catalog import Catalog
from services.gateway.openai.ports import Embedded, Embeddings
from services.gateway.openai.shapes import EmbeddingsRequest

AT_ONCE = 256


class Vectors:
    """Vectors of the one model that embeds here."""

    def __init__(self, embeddings: Embeddings, catalog: Catalog) -> None:
        self._embeddings = embeddings
        self._catalog = catalog

    async def create(self, request: Request, caller: Caller) -> Response:
        asked = await read_model(request, EmbeddingsRequest)
        await self._catalog.embedding_model(asked.model)
        if not all(text.strip() for text in asked.texts):
            raise InvalidArgument("no text may be empty", Reason.MESSAGE_EMPTY, field="input")
        found = await while_connected(request.receive, self._embedded(caller, asked.texts))
        if asked.dimensions not in (None, len(found.vectors[0])):
            raise InvalidArgument(f"{found.model} makes {len(found.vectors[0])} dimensions alone", field="dimensions")
        return OrjsonResponse(_body(found, asked.encoding_format))

    async def _embedded(self, caller: Caller, texts: list[str]) -> Embedded:
        parts = [await self._embeddings.embed(caller, texts[at : at + AT_ONCE]) for at in range(0, len(texts), AT_ONCE)]
        vectors = tuple(vector for part in parts for vector in part.vectors)
        return Embedded(vectors, parts[0].model, sum(part.tokens for part in parts))


def _body(found: Embedded, encoding: str) -> dict[str, Any]:
    entries = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector) if encoding == "base64" else vector}
        for index, vector in enumerate(found.vectors)
    ]
    usage = {"prompt_tokens": found.tokens, "total_tokens": found.tokens}
    return {"object": "list", "data": entries, "model": found.model, "usage": usage}


def _encoded(vector: tuple[float, ...]) -> str:
    """Little-endian 32-bit floats, as OpenAI sends them."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
