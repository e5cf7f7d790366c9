"""Redis as something that may be away: one failure, and nobody waits for it for a while."""

from kit.outage import Outage
from kit.redis import Redis

PATIENCE_SECONDS = 0.5


class RedisLink(Outage):
    """Runs commands within a short time; while Redis is away they fail at once with Unavailable."""

    def __init__(self, redis: Redis) -> None:
        super().__init__("redis", redis.ping, patience=PATIENCE_SECONDS)
