"""Connections to Redis."""

import asyncio
import socket
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from kit.settings import CommonSettings

__all__ = ["KEEPALIVE", "NO_RETRY", "Redis", "RedisError", "connect"]

NO_RETRY = Retry(NoBackoff(), 0)

# Whether a silent peer is still there the kernel asks: after 15 s, then each 5 s, and three times in vain is enough.
_PROBES = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
KEEPALIVE: dict[str, Any] = {
    "socket_keepalive": True,
    "socket_keepalive_options": {
        getattr(socket, name): number for name, number in _PROBES.items() if hasattr(socket, name)
    },
}


class _Cancellable(Redis):
    """Python 3.11's `wait_for`, by which redis-py sends, may swallow a cancellation that arrives with the reply."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        reply = await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        if task and task.cancelling() > before:
            raise asyncio.CancelledError
        return reply


def connect(url: str, settings: CommonSettings, **options: Any) -> Redis:
    """A client of `url` (`redis://` or `rediss://`) that fails fast and tries again as the settings say."""
    backoff = ExponentialWithJitterBackoff(base=settings.redis_retry_delay / 1000, cap=1.0)
    defaults: dict[str, Any] = {
        "socket_connect_timeout": 1.0,
        "socket_timeout": 2.0,
        "health_check_interval": 30,
        "retry": Retry(backoff, settings.redis_max_retries),
        "retry_on_error": [RedisConnectionError, RedisTimeoutError],
        "max_connections": 64,
        **KEEPALIVE,
    }
    client: Redis = _Cancellable.from_url(url, **{**defaults, **options})
    return client
