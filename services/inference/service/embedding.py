"""Texts as vectors, by the first embedding provider that answers."""

from collections.abc import Sequence
from contextlib import aclosing

from kit import deadline
from kit.auth.caller import Caller
from kit.breaker.ports import Board
from kit.errors import InvalidArgument
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import Notice, Purpose, Usage, Vectors
from services.inference.ports import EmbeddingProvider
from services.inference.service import tokens
from services.inference.service.admission import Doorkeeper
from services.inference.service.catalog import Catalog
from services.inference.service.plan import Plan, Try, exhausted

MAX_TEXTS = 256


class Embedding:
    """Vectors of the model that is configured; another model's could not be compared with them."""

    def __init__(
        self, catalog: Catalog, embeddings: EmbeddingProvider, breakers: Board, door: Doorkeeper, patience: float
    ) -> None:
        """`patience` is how many seconds a call waits while the provider is at its limits."""
        self._catalog, self._embeddings, self._breakers = catalog, embeddings, breakers
        self._door, self._patience = door, patience

    async def embed(self, caller: Caller, texts: Sequence[str], *, query: bool, course: str = "") -> Vectors:
        if not 0 < len(texts) <= MAX_TEXTS:
            raise InvalidArgument(f"1 to {MAX_TEXTS} texts are embedded at once", field="texts")
        size = sum(tokens.estimate(text) for text in texts)
        admission = self._door.admission(caller, course, Purpose.EMBEDDING, size, 0)
        plan = Plan(self._catalog.routes(Purpose.EMBEDDING), self._breakers, admission, self._patience)
        last: ProviderFailure | None = None
        async with aclosing(plan.tries()) as tries:
            async for step in tries:
                if isinstance(step, Notice):
                    continue
                try:
                    vectors = await self._attempt(step, texts, query=query)
                except ProviderFailure as failure:
                    last = failure
                    await plan.failed(step.route, failure)
                    if failure.remedy is Remedy.TELL:
                        raise InvalidArgument(failure.message, field="texts") from failure
                else:
                    await plan.succeeded(step.route)
                    return vectors
        raise exhausted(last)

    async def _attempt(self, step: Try, texts: Sequence[str], *, query: bool) -> Vectors:
        # Somebody waits for a question's vector; passages are many, and a small model takes its time.
        limits = self._catalog.timeouts(Purpose.EMBEDDING) if query else self._catalog.bulk_timeouts
        timeout = deadline.within(limits.total)
        usage: Usage | None = None
        try:
            vectors = await self._embeddings.embed(step.route, texts, query=query, timeout=timeout)
            usage = vectors.usage
            return vectors
        finally:
            step.grant.settle_soon(usage)
