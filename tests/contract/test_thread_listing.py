"""Kept answers to lists of threads: each user's own, and gone with the secret of their tokens."""

from lectern.threads.v1 import threads_pb2

from kit.auth.caller import Caller
from kit.pagination import PageTokens
from services.threads.adapters.memory.pages import MemoryPageCache
from services.threads.listing import CachedListing, Request, Response

ANN, BOB = Caller("default", "ann"), Caller("default", "bob")


class Counting:
    """A list that says whose it is, and how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def page(self, caller: Caller, request: Request) -> bytes:
        self.asked += 1
        thread = threads_pb2.Thread(title=f"{caller.user} {request.page_size} {self.asked}")
        return Response(threads=[thread], next_page_token=f"token-{self.asked}").SerializeToString()


async def answered(listing: CachedListing, caller: Caller, request: Request) -> Response:
    return Response.FromString(await listing.page(caller, request))


async def test_an_answer_is_kept_for_its_user_and_request_until_it_is_taken_back() -> None:
    listing, cache = Counting(), MemoryPageCache(life=60)
    kept = CachedListing(listing, cache, PageTokens("secret"))
    first = await answered(kept, ANN, Request(page_size=2))
    assert await answered(kept, ANN, Request(page_size=2)) == first
    others = [await answered(kept, BOB, Request(page_size=2)), await answered(kept, ANN, Request(page_size=3))]
    assert [other.threads[0].title for other in others] == ["bob 2 2", "ann 3 3"]
    await cache.invalidate(ANN)
    assert (await answered(kept, ANN, Request(page_size=2))).threads[0].title == "ann 2 4"


async def test_an_answer_ends_with_the_secret_that_signed_its_token() -> None:
    listing, cache = Counting(), MemoryPageCache(life=60)
    first = await answered(CachedListing(listing, cache, PageTokens("old")), ANN, Request())
    second = await answered(CachedListing(listing, cache, PageTokens("new")), ANN, Request())
    assert first.next_page_token != second.next_page_token
