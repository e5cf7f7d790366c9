"""Opens what chat turns stand on, for the gateway and for its worker."""

from contextlib import AsyncExitStack

from kit import redis
from kit.channel import Peer
from kit.telemetry.metrics import ACTIVE_THREADS, ACTIVE_TURNS
from kit.turnlog.redis_bulletin import RedisBulletin
from kit.turnlog.redis_log import RedisTurnLog
from kit.turnlog.wakes import Wakes
from services.gateway.adapters.embeddings import GrpcEmbeddings
from services.gateway.adapters.generation import GrpcGeneration
from services.gateway.adapters.journal import BulletinOrders, LoggedJournal
from services.gateway.adapters.knowledge import GrpcKnowledge
from services.gateway.adapters.threads import GrpcThreads
from services.gateway.service import ChatService
from services.gateway.settings import GatewaySettings
from services.gateway.support.vectors import SupportVectors
from services.gateway.turns.desk import Desk
from services.gateway.turns.run import Ports


def connect_peers(settings: GatewaySettings, stack: AsyncExitStack) -> dict[str, Peer]:
    """The other services by name."""
    peers = {
        name: Peer(target, service="gateway", secret=settings.internal_secret, tls=settings.tls)
        for name, target in (
            ("threads", settings.threads_target),
            ("context", settings.context_target),
            ("inference", settings.inference_target),
        )
    }
    for peer in peers.values():
        stack.push_async_callback(peer.close)
    return peers


def connect_cache(settings: GatewaySettings, stack: AsyncExitStack) -> redis.Redis:
    """The Redis of the turn log."""
    # One attempt: a live stream goes on without the log rather than wait for it.
    cache = redis.connect(settings.cache_url, settings, retry=redis.NO_RETRY, socket_timeout=1.0)
    stack.push_async_callback(cache.aclose)
    return cache


def open_chat(
    settings: GatewaySettings, peers: dict[str, Peer], cache: redis.Redis, stack: AsyncExitStack
) -> ChatService:
    """Chat under an owner lease of this process, which the stack gives back."""
    wakes = Wakes(cache)
    stack.push_async_callback(wakes.close)
    threads = GrpcThreads(peers["threads"], settings.history_token_budget)
    journal, orders = LoggedJournal(RedisTurnLog(cache, wakes)), BulletinOrders(RedisBulletin(cache, wakes))
    vectors = SupportVectors(GrpcEmbeddings(peers["inference"])) if settings.support_seconds else None
    if vectors:
        stack.push_async_callback(vectors.close)
    desk = Desk(
        Ports(
            threads,
            GrpcGeneration(peers["inference"]),
            journal,
            puts_off=not settings.disable_queues,
            vectors=vectors,
            support_seconds=settings.support_seconds,
        ),
        orders,
        turn_seconds=settings.turn_seconds,
        abandon_seconds=settings.abandon_seconds,
    )
    desk.open()
    stack.push_async_callback(desk.close, settings.drain_seconds)
    stack.callback(ACTIVE_TURNS.watch_one(lambda: desk.active))
    stack.callback(ACTIVE_THREADS.watch_one(lambda: desk.active_threads))
    return ChatService(
        threads,
        GrpcKnowledge(peers["context"], settings.context_token_budget),
        journal,
        orders,
        desk,
        max_message_bytes=settings.max_message_bytes,
        heartbeat_seconds=settings.heartbeat_seconds,
    )
