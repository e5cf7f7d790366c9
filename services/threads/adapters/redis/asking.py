"""Commands for what threads keep in Redis."""

from typing import Any

from kit.errors import Unavailable
from kit.pipelining import Argument
from kit.redis import Redis, RedisError


async def ask(redis: Redis, *command: Argument) -> Any:
    """The reply; raises Unavailable while Redis is away, and where it refuses the command."""
    try:
        return await redis.pipelined.ask(*command)
    except (RedisError, OSError) as error:
        raise Unavailable("the cache cannot be reached", retry_after=1) from error
