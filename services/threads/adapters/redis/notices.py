"""Notes to those who watch a thread, sent together with what else a turn tells Redis."""

import hashlib
from typing import Any

from redis.exceptions import NoScriptError, RedisError

from kit.errors import Unavailable
from kit.turnlog.redis_bulletin import MAX_NOTES, PUBLISH, TTL
from services.threads.adapters.redis.group import CommandGroup

DIGEST = hashlib.sha1(PUBLISH.encode(), usedforsecurity=False).hexdigest()


class GroupedNotices:
    """Publishes what a `RedisBulletin` follows."""

    def __init__(self, group: CommandGroup) -> None:
        self._group = group

    async def publish(self, thread: str, note: bytes) -> None:
        """Tells the watchers; raises Unavailable while Redis is away."""
        arguments = (1, f"thread-bulletin:{{{thread}}}", MAX_NOTES, TTL, note)
        reply: Any = await self._group.run("EVALSHA", DIGEST, *arguments)
        if isinstance(reply, NoScriptError):
            reply = await self._group.run("EVAL", PUBLISH, *arguments)
        if isinstance(reply, RedisError):
            raise Unavailable("the bulletin cannot be reached", retry_after=1) from reply
