"""Embeddings of any OpenAI-compatible provider."""

import asyncio
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from aiohttp import ClientError
from opentelemetry import propagate

from services.inference.adapters.chunks import usage_of
from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import FLOATS, Purpose, Usage, Vectors
from services.inference.model.providers import Route

PATH = "embeddings"
KIND = "{kind}"


class OpenAIEmbeddings:
    """The EmbeddingProvider; a model's name with `{kind}` in it becomes one for queries and one for passages."""

    def __init__(self, clients: OpenAIClients) -> None:
        self._clients = clients
        self._spelling_out: set[str] = set()  # routes that know numbers alone

    async def embed(self, route: Route, texts: Sequence[str], *, query: bool, timeout: float) -> Vectors:
        body = {
            **route.provider.parameters_for(Purpose.EMBEDDING),
            "model": route.model.replace(KIND, "query" if query else "passage"),
            "input": list(texts),
        }
        try:
            async with asyncio.timeout(timeout):
                reply = await self._reply(route, body, timeout)
        except TimeoutError as error:
            raise ProviderFailure(Remedy.RETRY, "timeout", "the provider did not answer in time") from error
        try:
            vectors = _unit(reply["data"], len(texts))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise _garbled() from error
        name = route.model.replace(f"-{KIND}", "").replace(KIND, "")
        return Vectors(vectors, name, Usage((usage_of(reply.get("usage")) or Usage()).prompt_tokens))

    async def _reply(self, route: Route, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Asks for packed numbers, and for spelled-out ones where the provider refuses that."""
        if route.id in self._spelling_out:
            return await self._asked(route, {**body, "encoding_format": "float"}, timeout)
        try:
            return await self._asked(route, {**body, "encoding_format": "base64"}, timeout)
        except ProviderFailure as failure:
            if failure.outcome != "bad_request":
                raise
        reply = await self._asked(route, {**body, "encoding_format": "float"}, timeout)
        self._spelling_out.add(route.id)
        return reply

    async def _asked(self, route: Route, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        try:
            response = await self._clients.of(route).post(PATH, body, headers, connect=timeout, total=timeout)
            with closing(response):
                reply = orjson.loads(await response.read())
        except (ClientError, OSError) as error:
            raise ProviderFailure(Remedy.RETRY, "cut", "the provider broke off") from error
        except orjson.JSONDecodeError as error:
            raise _garbled() from error
        if not isinstance(reply, dict):
            raise _garbled()
        return reply


def _garbled() -> ProviderFailure:
    return ProviderFailure(Remedy.RETRY, "garbled", "the provider sent what are no vectors")


def _unit(data: Sequence[Mapping[str, Any]], count: int) -> tuple[bytes, ...]:
    """The vectors in the order of their texts, each of unit length."""
    rows = [_row(item["embedding"]) for item in sorted(data, key=lambda item: item.get("index") or 0)]
    if len(rows) != count or not all(row.size for row in rows):
        raise ValueError("there is not one vector for each text")
    matrix = np.stack(rows)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise ValueError("these are no vectors")
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    lengths[lengths == 0] = 1
    return tuple(row.tobytes() for row in matrix / lengths[:, None])


def _row(embedding: str | Sequence[float]) -> npt.NDArray[np.float32]:
    if isinstance(embedding, str):
        return np.frombuffer(b64decode(embedding, validate=True), dtype=FLOATS)
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and that is no vector
        return np.asarray(embedding, dtype=FLOATS)
