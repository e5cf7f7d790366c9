"""The names of what the local stack is made of."""

REDIS = "redis"
MONGODB = "mongodb"
CHAT_MODEL = "llama"
EMBEDDINGS = "embeddings"
SERVICES = ("inference", "context", "threads", "gateway")
EDGE = "envoy"

DATA = frozenset({REDIS, MONGODB})
EVERYTHING = DATA | {CHAT_MODEL, EMBEDDINGS, *SERVICES, EDGE}
