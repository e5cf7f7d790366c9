"""Opens the turnstile of a process."""

from kit import redis
from kit.limits.redis import RedisPermits
from kit.limits.turnstile import Turnstile
from kit.outage import Outage
from kit.settings import CommonSettings


class OpenTurnstile:
    """The turnstile with its connection, which it makes when it is first passed."""

    def __init__(self, settings: CommonSettings) -> None:
        self._redis = redis.connect(settings.cache_url, settings, retry=redis.NO_RETRY, socket_timeout=0.5)
        self.turnstile = Turnstile(
            RedisPermits(self._redis),
            Outage("call limits", self._redis.ping),
            user_per_minute=settings.user_calls_per_minute,
            tenant_per_minute=settings.tenant_calls_per_minute,
        )

    async def close(self) -> None:
        await self._redis.aclose()
