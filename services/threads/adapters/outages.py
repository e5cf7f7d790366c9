"""What stands in while Redis is away. Each decorator goes back to Redis by itself, without a restart."""

from collections import OrderedDict

from kit.auth.caller import Caller
from kit.outage import Outage
from services.threads.model import ThreadKey
from services.threads.ports import HotThreads, PageCache

MISSED_USERS = 10_000


class NearHotThreads:
    """Ids of threads that this process used lately, before the shared ones are asked.

    Another instance may have deleted such a thread; the write that names it finds that out.
    """

    def __init__(self, near: HotThreads, shared: HotThreads) -> None:
        self._near = near
        self._shared = shared

    async def recall(self, key: ThreadKey) -> str | None:
        thread = await self._near.recall(key)
        if thread is None:
            thread = await self._shared.recall(key)
            if thread is not None:
                await self._near.remember(key, thread)
        return thread

    async def remember(self, key: ThreadKey, thread: str) -> None:
        await self._near.remember(key, thread)
        await self._shared.remember(key, thread)

    async def forget(self, key: ThreadKey) -> None:
        await self._near.forget(key)
        await self._shared.forget(key)


class SteadyHotThreads:
    """Ids of threads in this process while the shared ones are away: a forgotten id costs one read of the truth."""

    def __init__(self, shared: HotThreads, local: HotThreads, outage: Outage) -> None:
        self._shared = shared
        self._local = local
        self._outage = outage

    async def recall(self, key: ThreadKey) -> str | None:
        return await self._outage.guard(lambda: self._shared.recall(key), lambda: self._local.recall(key))

    async def remember(self, key: ThreadKey, thread: str) -> None:
        await self._outage.guard(lambda: self._shared.remember(key, thread), lambda: self._local.remember(key, thread))

    async def forget(self, key: ThreadKey) -> None:
        await self._local.forget(key)
        await self._outage.guard(lambda: self._shared.forget(key), _nothing)


class SteadyPageCache:
    """No pages while the shared ones are away, for another instance could not take them back.

    Whose pages became stale meanwhile is made up for before the first page is read again.
    """

    def __init__(self, shared: PageCache, outage: Outage) -> None:
        self._shared = shared
        self._outage = outage
        self._stale: OrderedDict[tuple[str, str], Caller] = OrderedDict()

    async def read(self, caller: Caller, name: str) -> tuple[str, bytes | None]:
        async def current() -> tuple[str, bytes | None]:
            await self._catch_up()
            return await self._shared.read(caller, name)

        async def none() -> tuple[str, bytes | None]:
            return "", None

        return await self._outage.guard(current, none)

    async def write(self, caller: Caller, name: str, edition: str, page: bytes) -> None:
        await self._outage.guard(lambda: self._shared.write(caller, name, edition, page), _nothing)

    async def invalidate(self, caller: Caller) -> None:
        async def owe() -> None:
            self._stale[caller.tenant, caller.user] = caller
            if len(self._stale) > MISSED_USERS:
                self._stale.popitem(last=False)

        async def now() -> None:
            await self._shared.invalidate(caller)
            await self._catch_up()

        await self._outage.guard(now, owe)

    async def _catch_up(self) -> None:
        while self._stale:
            whose, caller = next(iter(self._stale.items()))
            await self._shared.invalidate(caller)
            self._stale.pop(whose, None)


async def _nothing() -> None:
    return None
