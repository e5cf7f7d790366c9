"""Dramatiq's Redis broker with a consumer that waits for a bell, and loses nothing when Redis goes away."""

import threading
import time
from collections.abc import Iterable
from typing import Any

import redis
import structlog
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.message import Message
from dramatiq.middleware import Middleware

from kit.jobs.redis.room import NAMESPACE, room_key

# Longer than the longest wait for a bell, so that no reply is given up that is still to come.
SOCKET_SECONDS = 10.0
RECONNECT_SECONDS = 0.2
# One command in ten also brings back messages of workers that died; the truth about them is elsewhere.
MAINTENANCE_CHANCE = 100_000
AWAY = (redis.ConnectionError, redis.TimeoutError)

log = structlog.get_logger()


class JobsBroker(RedisBroker):
    """Has no delayed queues: jobs that are due later wait in MongoDB. Once `retired` it fetches nothing more."""

    def __init__(self, url: str, middleware: list[Middleware], prefetch: dict[str, int]) -> None:
        """`prefetch` says how many messages of each queue this process holds at once."""
        client: Any = redis.Redis.from_url(url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=1.0)
        super().__init__(  # type: ignore[no-untyped-call] # Dramatiq leaves it untyped
            middleware=middleware, client=client, namespace=NAMESPACE, maintenance_chance=MAINTENANCE_CHANCE
        )
        self._prefetch = prefetch
        self.retired = threading.Event()

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        return BellConsumer(self, queue_name, self._prefetch.get(queue_name, prefetch), timeout / 1000)


class BellConsumer(Consumer):
    """Fetches when a message is there or a hand is free; in between it waits, and does not poll."""

    def __init__(self, broker: JobsBroker, queue: str, prefetch: int, timeout: float) -> None:
        self._broker = broker
        self._queue = queue
        self._prefetch = prefetch
        self._timeout = timeout
        self._fetched: list[bytes] = []
        self._held: set[str] = set()
        self._hand_free = threading.Event()

    def __next__(self) -> MessageProxy | None:
        if not self._fetched:
            self._fetched = self._next_fetched()
        while self._fetched:
            data = self._fetched.pop(0)
            if data is not None:  # its data went with an older message of the same id
                message = Message.decode(data)
                self._held.add(message.options["redis_message_id"])
                return MessageProxy(message)
        return None

    def ack(self, message: MessageProxy) -> None:
        self._done(message)

    def nack(self, message: MessageProxy) -> None:
        # Parked jobs stand in MongoDB; Dramatiq's dead letters would only repeat them.
        self._done(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        names = [message.options["redis_message_id"] for message in messages]
        if names:
            self._do(lambda: self._broker.do_requeue(self._queue, *names))

    def _next_fetched(self) -> list[bytes]:
        self._hand_free.clear()
        free = self._prefetch - len(self._held)
        if free <= 0 or self._broker.retired.is_set():
            self._hand_free.wait(self._timeout)
            return []
        try:
            fetched: list[bytes] = self._broker.do_fetch(self._queue, free)
            if not fetched:
                self._broker.client.blpop([f"{room_key(self._queue)}:bell"], timeout=self._timeout)
        except (*AWAY, redis.ResponseError) as error:
            log.warning("queue_away", queue=self._queue, cause=type(error).__name__)
            time.sleep(RECONNECT_SECONDS)
            return []
        return fetched

    def _done(self, message: MessageProxy) -> None:
        name = message.options["redis_message_id"]
        self._do(lambda: self._broker.do_ack(self._queue, name))
        self._held.discard(name)
        self._hand_free.set()

    def _do(self, command: Any) -> None:
        """An ack that is lost brings the message back, and the claim refuses it then."""
        try:
            command()
        except (*AWAY, redis.ResponseError) as error:
            log.warning("message_not_acknowledged", queue=self._queue, cause=type(error).__name__)
