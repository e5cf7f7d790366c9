"""Thread lists from a cache, as a decorator over the store."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import orjson
from opentelemetry import metrics

from kit.auth.caller import Caller
from services.threads.model import Thread, ThreadKey
from services.threads.ports import Edition, PageCache, ThreadChange, ThreadQuery, ThreadStore

SHAPE = [field.name for field in fields(Thread)]

_requests = metrics.get_meter(__name__).create_counter(
    "lectern_cache_requests", description="Reads of caches by layer and result"
)


class CachedThreads:
    """Keeps pages of lists; every other call goes to the store. Who writes invalidates the user's pages."""

    def __init__(self, store: ThreadStore, cache: PageCache) -> None:
        self._store = store
        self._cache = cache

    async def page(self, caller: Caller, query: ThreadQuery) -> Sequence[Thread]:
        name = _name(query)
        edition, page = await self._cache.read(caller, name)
        _requests.add(1, {"layer": "thread_list", "result": "miss" if page is None else "hit"})
        if page is not None:
            return [_thread(fields) for fields in orjson.loads(page)]
        threads = await self._store.page(caller, query)
        if edition:
            await self._cache.write(caller, name, edition, orjson.dumps([asdict(thread) for thread in threads]))
        return threads

    async def open(self, key: ThreadKey, title: str) -> str:
        return await self._store.open(key, title)

    async def get(self, caller: Caller, thread: str) -> Thread | None:
        return await self._store.get(caller, thread)

    async def edition(self, caller: Caller, thread: str) -> Edition | None:
        return await self._store.edition(caller, thread)

    async def get_many(self, caller: Caller, threads: Collection[str]) -> Mapping[str, Thread]:
        return await self._store.get_many(caller, threads)

    async def change(self, caller: Caller, thread: str, change: ThreadChange) -> Thread | None:
        return await self._store.change(caller, thread, change)

    async def retitle(self, caller: Caller, thread: str, title: str) -> Thread | None:
        return await self._store.retitle(caller, thread, title)

    async def delete(self, caller: Caller, thread: str) -> ThreadKey | None:
        return await self._store.delete(caller, thread)


def _name(query: ThreadQuery) -> str:
    """A name for the page of a query, and for the shape of a thread, so that versions of the service don't mix."""
    parts = [SHAPE, *(getattr(query, field.name) for field in fields(query))]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:32]


def _thread(values: dict[str, Any]) -> Thread:
    key = ThreadKey(**values.pop("key"))
    created, updated = (datetime.fromisoformat(values.pop(name)) for name in ("created", "updated"))
    return Thread(key=key, created=created, updated=updated, **values)
