"""Commands for what threads keep in Redis."""

from typing import Any

from kit.errors import Unavailable
from kit.pipelining import Argument
from kit.redis import Redis, RedisError, ResponseError


async def ask(redis: Redis, *command: Argument) -> Any:
    """The reply; raises Unavailable while Redis is away, and where it refuses the command."""
    try:
        reply = await redis.pipelined.ask(*command)
    except (RedisError, OSError) as error:
        raise _away() from error
    if isinstance(reply, ResponseError):
        raise _away() from reply
    return reply


def _away() -> Unavailable:
    return Unavailable("the cache cannot be reached", retry_after=1)
