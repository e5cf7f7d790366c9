"""Embeddings of any OpenAI-compatible provider."""

from collections.abc import Sequence

import numpy as np
import openai
from opentelemetry import propagate

from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.adapters.openai_errors import translated
from services.inference.model.generation import Usage, Vectors
from services.inference.model.providers import Route

KIND = "{kind}"


class OpenAIEmbeddings:
    """The EmbeddingProvider; a model's name with `{kind}` in it becomes one for queries and one for passages."""

    def __init__(self, clients: OpenAIClients) -> None:
        self._clients = clients

    async def embed(self, route: Route, texts: Sequence[str], *, query: bool, timeout: float) -> Vectors:
        model = route.model.replace(KIND, "query" if query else "passage")
        try:
            reply = await self._clients.of(route).embeddings.create(
                model=model, input=list(texts), encoding_format="float", timeout=timeout, extra_headers=_trace_headers()
            )
        except openai.OpenAIError as error:
            raise translated(error) from error
        rows = [item.embedding for item in sorted(reply.data, key=lambda item: item.index)]
        usage = Usage(reply.usage.prompt_tokens if reply.usage else 0, 0)
        return Vectors(_unit(rows), route.model.replace(f"-{KIND}", "").replace(KIND, ""), usage)


def _trace_headers() -> dict[str, str]:
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def _unit(rows: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    matrix = np.asarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return tuple(tuple(row) for row in (matrix / np.where(lengths == 0, 1, lengths)).tolist())
