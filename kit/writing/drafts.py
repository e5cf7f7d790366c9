"""JSON as models write it."""

from collections.abc import Mapping
from typing import Any

import jsonschema
import orjson


class Unusable(Exception):
    """What was written is not what was asked for; the message says why, for the next attempt."""


def draft_in(written: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON that was written to a schema; raises Unusable."""
    try:
        draft: dict[str, Any] = orjson.loads(_unfenced(written))
        jsonschema.validate(draft, schema)
    except orjson.JSONDecodeError as error:
        raise Unusable("it was not JSON") from error
    except jsonschema.ValidationError as error:
        raise Unusable(f"it did not follow the schema at {error.json_path}") from error
    return draft


def whole(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object with just these properties; providers ask that all be required."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _unfenced(text: str) -> str:
    """Without the code fence that models like to put around JSON."""
    text = text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    return text
