"""Vectors in a Chroma server, local or in the cloud, for courses that outgrow a process (its HTTP interface, v2)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np
import structlog

from kit.errors import Unavailable
from services.context.model import Course, CourseKey, SourceContext, Vector
from services.context.retrieval.vectors import model_of, values_of

COLLECTIONS = "/collections"
SECONDS = 5.0
ROWS_PER_CALL = 500
COLLECTIONS_PER_PAGE = 500

log = structlog.get_logger()


def chroma_client(url: str, tenant: str, database: str, token: str) -> httpx.AsyncClient:
    """A client of one database."""
    base = f"{url.rstrip('/')}/api/v2/tenants/{quote(tenant)}/databases/{quote(database)}"
    return httpx.AsyncClient(base_url=base, timeout=SECONDS, headers={"x-chroma-token": token} if token else {})


class ChromaIndexes:
    """One collection a course and model; what it lacks is sent when the course is opened, so it may be lost."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def open(self, course: Course, contexts: Sequence[SourceContext]) -> "ChromaIndex":
        model = model_of(contexts)
        rows = {name: row for row, name in enumerate(_names(contexts))}
        if not model:
            return ChromaIndex(self._client, "", model, rows)
        settings = {"name": _prefix(course.key) + _digest(model), "get_or_create": True}
        created = await _post(self._client, COLLECTIONS, {**settings, "configuration": {"hnsw": {"space": "cosine"}}})
        collection = str(created["id"])
        await self._complete(collection, rows, values_of(contexts, model))
        await self._forget_older(collection, contexts)
        return ChromaIndex(self._client, collection, model, rows)

    async def drop(self, key: CourseKey) -> None:
        """What cannot be dropped now is only room that is lost: nothing finds it any more."""
        try:
            for name in [name async for name in self._collections() if name.startswith(_prefix(key))]:
                (await self._client.delete(f"{COLLECTIONS}/{name}")).raise_for_status()
        except (httpx.HTTPError, Unavailable) as error:
            log.warning("vectors_not_dropped", course=key.name, error=type(error).__name__)

    async def _complete(self, collection: str, rows: dict[str, int], values: dict[int, bytes]) -> None:
        editions = sorted({_edition(name) for name in rows})
        kept = await _post(self._client, f"{COLLECTIONS}/{collection}/get", {"where": _among(editions), "include": []})
        there = set(kept["ids"])
        missing = [name for name, row in rows.items() if row in values and name not in there]
        for first in range(0, len(missing), ROWS_PER_CALL):
            names = missing[first : first + ROWS_PER_CALL]
            body = {
                "ids": names,
                "embeddings": [np.frombuffer(values[rows[name]], dtype=np.float32).tolist() for name in names],
                "metadatas": [{"edition": _edition(name), "made": _made(_edition(name))} for name in names],
            }
            await _post(self._client, f"{COLLECTIONS}/{collection}/upsert", body)

    async def _forget_older(self, collection: str, contexts: Sequence[SourceContext]) -> None:
        """Forgets replaced editions, but none that is newer than these contexts: another instance may have sent it."""
        editions = [context.source.edition for context in contexts]
        older = {"made": {"$lt": max(map(_made, editions))}}
        where = {"$and": [{"edition": {"$nin": editions}}, older]}
        await _post(self._client, f"{COLLECTIONS}/{collection}/delete", {"where": where})

    async def _collections(self) -> AsyncIterator[str]:
        offset = 0
        while page := await _page(self._client, offset):
            for collection in page:
                yield str(collection["name"])
            offset += len(page)


class ChromaIndex:
    """A course's vectors in its collection."""

    def __init__(self, client: httpx.AsyncClient, collection: str, model: str, rows: dict[str, int]) -> None:
        """`rows` by the names that vectors have in the collection; without vectors there is no collection."""
        self._client = client
        self._collection = collection
        self._model = model
        self._rows = rows

    async def nearest(self, query: Vector, limit: int, within: range | None = None) -> Sequence[int]:
        if not self._collection or query.model != self._model:
            return ()
        editions = sorted({_edition(name) for name, row in self._rows.items() if within is None or row in within})
        body = {
            "query_embeddings": [np.frombuffer(query.values, dtype=np.float32).tolist()],
            "n_results": limit,
            "where": _among(editions),
            "include": ["distances"],
        }
        found = await _post(self._client, f"{COLLECTIONS}/{self._collection}/query", body)
        return [self._rows[name] for name in found["ids"][0] if name in self._rows]


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        response = await client.post(path, json=body)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable("the vector server does not answer", retry_after=1) from error
    answer: dict[str, Any] = response.json()
    return answer


async def _page(client: httpx.AsyncClient, offset: int) -> list[dict[str, Any]]:
    response = await client.get(COLLECTIONS, params={"limit": COLLECTIONS_PER_PAGE, "offset": offset})
    response.raise_for_status()
    page: list[dict[str, Any]] = response.json()
    return page


def _among(editions: Sequence[str]) -> dict[str, Any]:
    return {"edition": {"$in": list(editions)}}


def _names(contexts: Sequence[SourceContext]) -> Iterator[str]:
    """The name of each passage's vector, in the order of rows."""
    for context in contexts:
        yield from (f"{context.source.edition}:{position}" for position in range(len(context.passages)))


def _edition(name: str) -> str:
    return name.partition(":")[0]


def _made(edition: str) -> int:
    """When an edition was made, by the time that it begins with."""
    return int(edition.partition("-")[0], 16)


def _prefix(key: CourseKey) -> str:
    return f"lectern-{_digest(f'{key.tenant}/{key.course}')}-"


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=12).hexdigest()
