"""Dramatiq's Redis broker with a consumer that waits for a bell, and loses nothing when Redis goes away.

A message is a hint that a job may be claimed; MongoDB has the job itself. So it is taken out of Redis at once, in the
step that sees whether its job may start, and there is nothing to acknowledge: of a message that dies with its process,
or with the connection, the slot runs out, and the dispatcher releases the job again.
"""

import threading
import time
from collections.abc import Iterable
from typing import Any

import redis
import structlog
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.message import Message

from kit.jobs.redis.room import NAMESPACE, keys_of, room_key, script_of

# Longer than the longest wait for a bell, so that no reply is given up that is still to come.
SOCKET_SECONDS = 10.0
RECONNECT_SECONDS = 0.2
AWAY = (redis.ConnectionError, redis.TimeoutError)

log = structlog.get_logger()


class JobsBroker(RedisBroker):
    """Has no delayed queues: jobs that are due later wait in MongoDB. Once `retired` it fetches nothing more."""

    def __init__(self, url: str, prefetch: dict[str, int], *, lease: float, start_within: float) -> None:
        """`prefetch` says how many messages of each queue this process holds at once.

        A job that starts has its slot for the `lease`; one that is given back may take `start_within`, in seconds.
        """
        client: Any = redis.Redis.from_url(url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=1.0)
        super().__init__(  # type: ignore[no-untyped-call] # Dramatiq leaves it untyped
            middleware=[], client=client, namespace=NAMESPACE
        )
        self._lease, self._start_within = round(lease * 1000), round(start_within * 1000)
        self._take: Any = client.register_script(script_of("take"))
        self._give_back: Any = client.register_script(script_of("give_back"))
        self._prefetch = prefetch
        self.retired = threading.Event()

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def take(self, queue: str, most: int) -> list[bytes]:
        """Messages of jobs that may start; their slots are held for the lease from now on."""
        taken: list[bytes] = self._take(keys=keys_of(queue), args=[self._start_within, most, self._lease])
        return taken

    def give_back(self, queue: str, messages: Iterable[MessageProxy]) -> None:
        """Puts messages back whose jobs were not begun."""
        flat = [part for each in messages for part in (each.options["redis_message_id"], each.encode())]
        if flat:
            self._give_back(keys=keys_of(queue), args=[self._start_within, *flat])

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
        if not self._fetched:
            return None
        message = Message.decode(self._fetched.pop(0))
        self._held.add(message.options["redis_message_id"])
        return MessageProxy(message)

    def ack(self, message: MessageProxy) -> None:
        self._held.discard(message.options["redis_message_id"])
        self._hand_free.set()

    def nack(self, message: MessageProxy) -> None:
        # Parked jobs stand in MongoDB; Dramatiq's dead letters would only repeat them.
        self.ack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        try:
            self._broker.give_back(self._queue, messages)
        except (*AWAY, redis.ResponseError) as error:
            log.warning("messages_not_given_back", queue=self._queue, cause=type(error).__name__)

    def close(self) -> None:
        unread, self._fetched = self._fetched, []
        self.requeue([MessageProxy(Message.decode(data)) for data in unread])

    def _next_fetched(self) -> list[bytes]:
        self._hand_free.clear()
        free = self._prefetch - len(self._held)
        if free <= 0 or self._broker.retired.is_set():
            self._hand_free.wait(self._timeout)
            return []
        try:
            fetched = self._broker.take(self._queue, free)
            if not fetched:
                self._broker.client.blpop([f"{room_key(self._queue)}:bell"], timeout=self._timeout)
        except (*AWAY, redis.ResponseError) as error:
            log.warning("queue_away", queue=self._queue, cause=type(error).__name__)
            time.sleep(RECONNECT_SECONDS)
            return []
        return fetched
