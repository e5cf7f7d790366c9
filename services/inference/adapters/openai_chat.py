"""Chat completions of any OpenAI-compatible provider: the SDK connects, we decode the bytes."""

from collections.abc import AsyncGenerator
from typing import Any

import openai
from httpx2 import HTTPError, Timeout

from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.adapters.openai_errors import translated
from services.inference.adapters.sse import ChunkDecoder
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.ports import ChatCall, Piece


class OpenAIChat:
    """The ChatProvider for every provider that speaks OpenAI's chat completions."""

    def __init__(self, clients: OpenAIClients) -> None:
        self._clients = clients

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        client = self._clients.of(call.route)
        decoder = ChunkDecoder()
        try:
            async with client.chat.completions.with_streaming_response.create(**_arguments(call)) as response:
                async for data in response.iter_bytes():
                    if piece := decoder.feed(data):
                        yield piece
        except openai.OpenAIError as error:
            raise translated(error) from error
        except HTTPError as error:
            raise ProviderFailure(Remedy.RETRY, "cut", "the provider broke off") from error
        if not decoder.whole:
            raise ProviderFailure(Remedy.RETRY, "cut", "the provider broke off")


def _arguments(call: ChatCall) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "model": call.route.model,
        "messages": [{"role": message.speaker.value, "content": message.text} for message in call.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "timeout": Timeout(call.timeouts.total, connect=call.timeouts.connect),
        "extra_headers": dict(call.headers),
    }
    if call.max_tokens:
        arguments[call.route.provider.limit_field] = call.max_tokens
    if call.temperature is not None:
        arguments["temperature"] = call.temperature
    if call.schema is not None:
        schema = {"name": "answer", "schema": dict(call.schema), "strict": True}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    return arguments
