"""How an answer is to be made: as inference is asked, and as threads keeps it for whoever takes the turn over."""

from dataclasses import asdict
from typing import Any

import orjson

from services.gateway.model import AS_CONFIGURED, Options


def wishes_of(options: Options) -> dict[str, Any]:
    """The fields of a StreamGenerateRequest."""
    if options == AS_CONFIGURED:
        return {}
    return {
        "model": options.model,
        "max_tokens": options.max_tokens,
        "temperature": options.temperature,
        "stop": options.stops,
        "json_schema": options.json_schema,
        "parameters": options.parameters,
    }


def packed(options: Options) -> str:
    return "" if options == AS_CONFIGURED else orjson.dumps(asdict(options)).decode()


def unpacked(text: str) -> Options:
    """Fields of another version are left out."""
    if not text:
        return AS_CONFIGURED
    found = {name: value for name, value in orjson.loads(text).items() if name in Options.__dataclass_fields__}
    return Options(**{**found, "stops": tuple(found.get("stops", ()))})
