"""Dramatiq's Redis broker with a consumer that waits for a bell, and loses nothing when Redis goes away.

A message is a hint that a job may be claimed; MongoDB has the job itself. So it is taken out of Redis at once, in the
step that sees whether its job may start, and there is nothing to acknowledge: of a message that dies with its process,
or with the connection, the slot runs out, and the dispatcher releases the job again.
"""

import threading
import time
import uuid
from collections.abc import Iterable
from typing import Any

import redis
import structlog
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.message import Message

from kit.jobs.redis.room import NAMESPACE, keys_of, room_key, script_of
from kit.redis import KEEPALIVE

SOCKET_SECONDS = 10.0
RECONNECT_SECONDS = 0.2
# A bell is waited for so long; whether Redis is still there the kernel asks meanwhile.
BELL_SECONDS = 60.0
# A process that takes nothing more looks so often whether it has ended.
RETIRED_SECONDS = 0.5
AWAY = (redis.ConnectionError, redis.TimeoutError)

log = structlog.get_logger()


class JobsBroker(RedisBroker):
    """Has no delayed queues: jobs that are due later wait in MongoDB. Once `retired` it fetches nothing more."""

    def __init__(
        self, url: str, prefetch: dict[str, int], *, lease: float, start_within: float, bell: float = BELL_SECONDS
    ) -> None:
        """`prefetch` says how many messages of each queue this process holds at once.

        A job that starts has its slot for the `lease`; one that is given back may take `start_within`; a bell is waited
        for so long, in seconds.
        """
        client: Any = redis.Redis.from_url(url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=1.0)
        super().__init__(  # type: ignore[no-untyped-call] # Dramatiq leaves it untyped
            middleware=[], client=client, namespace=NAMESPACE
        )
        self._lease, self._start_within = round(lease * 1000), round(start_within * 1000)
        self._take: Any = client.register_script(script_of("take"))
        self._give_back: Any = client.register_script(script_of("give_back"))
        self._prefetch = prefetch
        self._consumers: list[BellConsumer] = []
        # The reply to a wait comes when it comes: longer than the wait itself nobody waits.
        self.bells: Any = redis.Redis.from_url(
            url, socket_timeout=bell + SOCKET_SECONDS, socket_connect_timeout=1.0, **KEEPALIVE
        )
        self.bell_seconds = bell
        self.own_bell = f"{NAMESPACE}:retired:{uuid.uuid4().hex}"
        self.retired = threading.Event()

    def retire(self) -> None:
        """From now on nothing is fetched; whoever waits for a bell or a free hand returns at once."""
        self.retired.set()
        for consumer in self._consumers:
            consumer.hand_free.set()
        try:
            with self.client.pipeline() as pipe:
                pipe.lpush(self.own_bell, *("1" for _ in self._consumers or "1"))
                pipe.expire(self.own_bell, round(self.bell_seconds))
                pipe.execute()
        except (*AWAY, redis.ResponseError):
            self.bells.connection_pool.disconnect()

    def ring(self, queue_name: str, times: int) -> None:
        """Wakes so many of those who wait for messages of the queue."""
        self.client.lpush(f"{room_key(queue_name)}:bell", *("1" for _ in range(times)))

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
        consumer = BellConsumer(self, queue_name, self._prefetch.get(queue_name, prefetch))
        self._consumers.append(consumer)
        return consumer


class BellConsumer(Consumer):
    """Fetches when a message is there or a hand is free; in between it waits, and does not poll."""

    def __init__(self, broker: JobsBroker, queue: str, prefetch: int) -> None:
        self._broker = broker
        self._queue = queue
        self._prefetch = prefetch
        self._fetched: list[bytes] = []
        self._held: set[str] = set()
        self.hand_free = threading.Event()

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
        self.hand_free.set()

    def nack(self, message: MessageProxy) -> None:
        # Parked jobs stand in MongoDB; Dramatiq's dead letters would only repeat them.
        self.ack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        try:
            self._broker.give_back(self._queue, messages)
        except (*AWAY, redis.ResponseError) as error:
            log.warning("messages_not_given_back", queue=self._queue, error=type(error).__name__)

    def close(self) -> None:
        unread, self._fetched = self._fetched, []
        self.requeue([MessageProxy(Message.decode(data)) for data in unread])

    def _next_fetched(self) -> list[bytes]:
        self.hand_free.clear()
        if self._broker.retired.is_set():
            self.hand_free.wait(RETIRED_SECONDS)
            return []
        free = self._prefetch - len(self._held)
        if free <= 0:
            self.hand_free.wait(self._broker.bell_seconds)
            return []
        try:
            fetched = self._broker.take(self._queue, free)
            if not fetched:
                bells = [f"{room_key(self._queue)}:bell", self._broker.own_bell]
                rung = self._broker.bells.blpop(bells, timeout=self._broker.bell_seconds)
                if rung and self._broker.retired.is_set() and rung[0].decode() != self._broker.own_bell:
                    self._broker.ring(self._queue, 1)  # it was meant for somebody who still takes messages
        except (*AWAY, redis.ResponseError) as error:
            log.warning("queue_away", queue=self._queue, error=type(error).__name__)
            time.sleep(RECONNECT_SECONDS)
            return []
        return fetched
