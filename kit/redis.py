"""Connections to Redis."""

import asyncio
import socket
from contextlib import nullcontext
from typing import Any, cast

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from kit.pipelining import Pipelined, Script
from kit.settings import CommonSettings
from kit.telemetry import redis_spans
from kit.telemetry.spans import sampled

__all__ = ["KEEPALIVE", "NO_RETRY", "Redis", "RedisError", "ResponseError", "connect"]

NO_RETRY = Retry(NoBackoff(), 0)

# Whether a silent peer is still there the kernel asks: after 15 s, then each 5 s, and three times in vain is enough.
_PROBES = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
KEEPALIVE: dict[str, Any] = {
    "socket_keepalive": True,
    "socket_keepalive_options": {
        getattr(socket, name): number for name, number in _PROBES.items() if hasattr(socket, name)
    },
}


class Redis(redis.asyncio.Redis):
    """A client of redis-py, and beside its pool one connection for what is asked all the time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pipelined = Pipelined(self.connection_pool)

    def script(self, text: str, name: str) -> Script:
        """A script over that connection; `name` is what traces call it."""
        return Script(self.pipelined, text, name)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "Pipeline":
        return Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        self.pipelined.close()
        await super().aclose(close_connection_pool)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Python 3.11's `wait_for`, by which redis-py sends, may swallow a cancellation that comes with the reply."""
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        with redis_spans.asked(str(args[0])) if sampled() else nullcontext():
            reply = await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        if task and task.cancelling() > before:
            raise asyncio.CancelledError
        return reply


class Pipeline(redis.asyncio.client.Pipeline):
    """Several commands at once, which are one span."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        with redis_spans.asked("MULTI" if self.is_transaction else "PIPELINE") if sampled() else nullcontext():
            return await super().execute(raise_on_error)


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
    return cast(Redis, Redis.from_url(url, **{**defaults, **options}))
