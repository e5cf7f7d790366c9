"""What answers of these endpoints have in common."""

from collections.abc import AsyncGenerator
from typing import Any

import orjson
from starlette.responses import JSONResponse

from services.gateway.openai.speaking import End, Speech


class OrjsonResponse(JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


async def first_of(speech: Speech) -> AsyncGenerator[str | End, None]:
    """The same speech, once it has begun: what fails before the first word still has its own HTTP status."""
    try:
        first = await anext(speech)
    except BaseException:
        await speech.aclose()
        raise
    return _joined(first, speech)


async def _joined(first: str | End, rest: Speech) -> AsyncGenerator[str | End, None]:
    try:
        yield first
        async for piece in rest:
            yield piece
    finally:
        await rest.aclose()


def usage_of(end: End) -> dict[str, int]:
    return {
        "prompt_tokens": end.prompt_tokens,
        "completion_tokens": end.completion_tokens,
        "total_tokens": end.prompt_tokens + end.completion_tokens,
    }
