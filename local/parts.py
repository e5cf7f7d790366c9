"""The names of what the local stack is made of."""

REDIS = "redis"
MONGODB = "mongodb"
CHAT_MODEL = "llama"
EMBEDDINGS = "embeddings"
SERVICES = ("inference", "context", "threads", "gateway")
EDGE = "envoy"
DISPATCHER = "dispatcher"
# Services that have jobs, and so a worker.
WORKERS = ("threads", "context", "gateway")


def worker_name(service: str) -> str:
    """What the worker of a service is called."""
    return f"{service}-worker"


DATA = frozenset({REDIS, MONGODB})
EVERYTHING = DATA | {CHAT_MODEL, EMBEDDINGS, *SERVICES, EDGE, DISPATCHER, *map(worker_name, WORKERS)}
