"""Pages of thread lists as they are answered, and a cache of them."""

import hashlib
from typing import Protocol

from lectern.threads.v1 import threads_pb2

from kit.auth.caller import Caller
from kit.pagination import PageTokens
from kit.telemetry.metrics import LOOKUPS
from services.threads import convert, requests
from services.threads.ports import PageCache
from services.threads.service.conversations import Conversations

Request = threads_pb2.ListThreadsRequest
Response = threads_pb2.ListThreadsResponse
# Versions of the service that answer with other fields don't share pages.
SHAPE = ",".join(field.name for kind in (Response, threads_pb2.Thread) for field in kind.DESCRIPTOR.fields)

HIT, MISS = (LOOKUPS.labels("thread_list", result) for result in ("hit", "miss"))


class Listing(Protocol):
    """Answers with pages of the caller's threads, each as it goes over the wire."""

    async def page(self, caller: Caller, request: Request) -> bytes: ...


class StoredListing:
    """Pages as the store has them."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    async def page(self, caller: Caller, request: Request) -> bytes:
        page = await self._conversations.page(caller, requests.thread_query(request), request.page_token)
        threads = [convert.thread_message(thread) for thread in page.threads]
        return Response(threads=threads, next_page_token=page.next_token).SerializeToString()


class CachedListing:
    """Keeps answers whole, so that none is built or read twice. Who writes invalidates the user's pages."""

    def __init__(self, listing: Listing, cache: PageCache, tokens: PageTokens) -> None:
        """`tokens` are those in the answers: pages end with the secret that signed them."""
        self._listing = listing
        self._cache = cache
        self._kind = f"{SHAPE}\0{tokens.encode('', [])}\0".encode()

    async def page(self, caller: Caller, request: Request) -> bytes:
        name = hashlib.sha256(self._kind + request.SerializeToString(deterministic=True)).hexdigest()[:32]
        edition, page = await self._cache.read(caller, name)
        (MISS if page is None else HIT).inc()
        if page is not None:
            return page
        page = await self._listing.page(caller, request)
        if edition:
            await self._cache.write(caller, name, edition, page)
        return page
