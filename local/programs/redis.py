"""Redis twice: one that keeps the queues, one that forgets what is least used."""

from pathlib import Path

from local import binaries
from local.ports import HOST
from local.probes import redis_answers
from local.program import Program, Tier

QUEUE = "redis-queue"
CACHE = "redis-cache"

_KEEPS_EVERYTHING = ("--maxmemory-policy", "noeviction", "--appendonly", "yes", "--appendfsync", "everysec")
_FORGETS = ("--maxmemory-policy", "allkeys-lru", "--maxmemory", "256mb", "--appendonly", "no")


def redis_url(port: int) -> str:
    """Where clients find the server on this port."""
    return f"redis://{HOST}:{port}/0"


def queue(port: int, data: Path) -> Program:
    """The Redis of the queues: evicts nothing and survives a kill with at most a second's loss."""
    return _redis(QUEUE, port, data, _KEEPS_EVERYTHING)


def cache(port: int, data: Path) -> Program:
    """The Redis of the caches: bounded, and nothing in it is missed."""
    return _redis(CACHE, port, data, _FORGETS)


def _redis(name: str, port: int, data: Path, policy: tuple[str, ...]) -> Program:
    folder = data / name
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ("--hz", "1", "--dynamic-hz", "yes")  # its clock ticks as often as there are clients to care for
    listen = ("--bind", HOST, "--port", str(port), "--dir", str(folder), "--save", "", "--daemonize", "no")
    return Program(
        name=name,
        tier=Tier.DATA,
        command=(str(binaries.redis_server()), *listen, *quiet, *policy),
        address=f"{HOST}:{port}",
        ready=redis_answers(redis_url(port)),
    )
