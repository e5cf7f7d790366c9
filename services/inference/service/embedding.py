"""Texts as vectors, by the first embedding provider that answers."""

from collections.abc import Sequence

from kit import deadline
from kit.auth.caller import Caller
from kit.breaker.ports import Board
from kit.errors import InvalidArgument, Reason
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import Purpose, Vectors
from services.inference.ports import EmbeddingProvider
from services.inference.service.catalog import Catalog
from services.inference.service.plan import Plan, exhausted

MAX_TEXTS = 256


class Embedding:
    """Vectors of the model that is configured; another model's could not be compared with them."""

    def __init__(self, catalog: Catalog, embeddings: EmbeddingProvider, breakers: Board) -> None:
        self._catalog, self._embeddings, self._breakers = catalog, embeddings, breakers

    async def embed(self, caller: Caller, texts: Sequence[str], *, query: bool, course: str = "") -> Vectors:
        if not 0 < len(texts) <= MAX_TEXTS:
            raise InvalidArgument(f"1 to {MAX_TEXTS} texts are embedded at once", field="texts")
        last: ProviderFailure | None = None
        plan = Plan(self._catalog.routes(Purpose.EMBEDDING), self._breakers)
        async for route in plan.tries():
            try:
                limit = deadline.within(self._catalog.timeouts(Purpose.EMBEDDING).total)
                vectors = await self._embeddings.embed(route, texts, query=query, timeout=limit)
            except ProviderFailure as failure:
                last = failure
                await plan.failed(route, failure)
                if failure.remedy is Remedy.TELL:
                    raise InvalidArgument(failure.message, Reason.INVALID_ARGUMENT, field="texts") from failure
            else:
                await plan.succeeded(route)
                return vectors
        raise exhausted(last)
