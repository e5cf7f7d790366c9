"""What a cache of threads must do, whichever holds it: keep, forget, and take back."""

import uuid
from collections.abc import AsyncIterator

import pytest

from kit.auth.caller import Caller
from kit.redis import connect
from services.threads.adapters.memory.hot import MemoryHotThreads
from services.threads.adapters.memory.pages import MemoryPageCache
from services.threads.adapters.redis.hot import RedisHotThreads
from services.threads.adapters.redis.pages import RedisPageCache
from services.threads.model import ThreadKey
from services.threads.ports import HotThreads, PageCache
from services.threads.settings import ThreadsSettings

KINDS = ["memory", "redis"]
LIFE = 60


@pytest.fixture(params=KINDS)
async def caches(request: pytest.FixtureRequest) -> AsyncIterator[tuple[HotThreads, PageCache]]:
    if request.param == "memory":
        yield MemoryHotThreads(life=LIFE), MemoryPageCache(life=LIFE)
        return
    client = connect(request.getfixturevalue("redis_url"), ThreadsSettings())
    yield RedisHotThreads(client, life=LIFE), RedisPageCache(client, life=LIFE)
    await client.aclose()


@pytest.fixture
def key() -> ThreadKey:
    return ThreadKey("default", f"ann-{uuid.uuid4().hex}", "waves")


@pytest.fixture
def caller(key: ThreadKey) -> Caller:
    return Caller(key.tenant, key.user)


async def test_a_thread_is_recalled_until_it_is_forgotten(caches: tuple[HotThreads, PageCache], key: ThreadKey) -> None:
    hot, _ = caches
    assert await hot.recall(key) is None
    await hot.remember(key, "t1")
    assert await hot.recall(key) == "t1"
    await hot.forget(key)
    assert await hot.recall(key) is None


async def test_a_thread_is_kept_for_its_user_alone(caches: tuple[HotThreads, PageCache]) -> None:
    hot, _ = caches
    tenant = uuid.uuid4().hex
    await hot.remember(ThreadKey(tenant, "ann:x", "waves"), "t1")
    for other in (ThreadKey(tenant, "ann", "x:waves"), ThreadKey(f"{tenant}:ann", "x", "waves")):
        assert await hot.recall(other) is None


async def test_a_page_is_read_in_the_edition_it_was_written_for(
    caches: tuple[HotThreads, PageCache], caller: Caller
) -> None:
    _, pages = caches
    edition, page = await pages.read(caller, "first")
    assert page is None
    await pages.write(caller, "first", edition, b"content")
    assert await pages.read(caller, "first") == (edition, b"content")
    assert (await pages.read(caller, "second"))[1] is None


async def test_invalidation_takes_all_pages_of_the_user_back_and_nobody_elses(
    caches: tuple[HotThreads, PageCache], caller: Caller
) -> None:
    _, pages = caches
    other = Caller(caller.tenant, f"{caller.user}-other")
    kept = {who: (await pages.read(who, "page"))[0] for who in (caller, other)}
    for who, edition in kept.items():
        await pages.write(who, "page", edition, b"content")
    await pages.invalidate(caller)
    assert (await pages.read(caller, "page"))[1] is None
    assert (await pages.read(other, "page"))[1] == b"content"


async def test_a_page_read_before_a_change_is_not_served_after_it(
    caches: tuple[HotThreads, PageCache], caller: Caller
) -> None:
    _, pages = caches
    edition, _ = await pages.read(caller, "page")
    await pages.invalidate(caller)
    await pages.write(caller, "page", edition, b"from before the change")
    assert (await pages.read(caller, "page"))[1] is None
