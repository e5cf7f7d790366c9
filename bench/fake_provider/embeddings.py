"""Embeddings that mean something: texts that share words lie near each other."""

import base64
import hashlib
import struct
from collections.abc import Sequence
from typing import Any

from bench.fake_provider.counts import Served
from bench.fake_provider.script import Script
from bench.fake_provider.wire import Connection


def embed(script: Script, body: dict[str, Any], connection: Connection, served: Served) -> None:
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    served.prompt_tokens = sum(len(str(text).split()) for text in texts)
    encode = _in_base64 if body.get("encoding_format") == "base64" else list
    data = [
        {"object": "embedding", "index": index, "embedding": encode(_vector(str(text), script.dimensions))}
        for index, text in enumerate(texts)
    ]
    served.complete = True
    usage = {"prompt_tokens": served.prompt_tokens, "total_tokens": served.prompt_tokens}
    connection.send_json({"object": "list", "model": served.model, "data": data, "usage": usage})


def _in_base64(values: Sequence[float]) -> str:
    """Floats of 32 bits, as OpenAI encodes them."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def _vector(text: str, dimensions: int) -> list[float]:
    """A vector of unit length in which texts with the same words point the same way."""
    values = [0.0] * dimensions
    for each in text.lower().split():
        digest = hashlib.blake2b(each.encode(), digest_size=8).digest()
        values[int.from_bytes(digest, "big") % dimensions] += 1.0
    length = sum(value * value for value in values) ** 0.5 or 1.0
    return [value / length for value in values]
