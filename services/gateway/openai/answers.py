"""What answers of these endpoints have in common."""

from typing import Any

import orjson
from starlette.responses import JSONResponse

from services.gateway.openai.speaking import End


class OrjsonResponse(JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def usage_of(end: End) -> dict[str, int]:
    return {
        "prompt_tokens": end.prompt_tokens,
        "completion_tokens": end.completion_tokens,
        "total_tokens": end.prompt_tokens + end.completion_tokens,
    }
