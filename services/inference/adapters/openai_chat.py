"""Chat completions of any OpenAI-compatible provider: one body out, its lines decoded as they come."""

from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import closing
from typing import Any

from aiohttp import ClientError

from services.inference.adapters.gathering import Gathering
from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.adapters.sse import ChunkDecoder, cut
from services.inference.model.generation import Message
from services.inference.ports import ChatCall, Piece

PATH = "chat/completions"
ANY_OBJECT = {"type": "object"}


class OpenAIChat:
    """The ChatProvider for every provider that speaks OpenAI's chat completions."""

    def __init__(self, clients: OpenAIClients, pause: float = 0.0) -> None:
        """`pause` in seconds lies between two pieces of text after the first, none before the end."""
        self._clients, self._pause = clients, pause

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        decoder, limits = ChunkDecoder(), call.timeouts
        response = await self._clients.of(call.route).post(
            PATH, _body(call), call.headers, connect=limits.connect, total=limits.total
        )
        with closing(response):
            gathering = Gathering(response.content, self._pause)
            try:
                while data := await gathering.read():
                    if piece := decoder.feed(data):
                        if piece.text:
                            gathering.told()
                        yield piece
            except (ClientError, OSError) as error:
                if not decoder.whole:
                    raise cut() from error
        if piece := decoder.end():
            yield piece
        decoder.check()


def _content(message: Message) -> str | list[dict[str, Any]]:
    """Text alone is what every provider takes; pictures make parts of it."""
    if not message.images:
        return message.text
    urls = (f"data:image/png;base64,{b64encode(image).decode()}" for image in message.images)
    return [{"type": "text", "text": message.text}, *({"type": "image_url", "image_url": {"url": url}} for url in urls)]


def _body(call: ChatCall) -> dict[str, Any]:
    body: dict[str, Any] = {
        **call.parameters,
        "model": call.route.model,
        "messages": [{"role": message.speaker.value, "content": _content(message)} for message in call.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if call.max_tokens:
        body[call.route.provider.limit_field] = call.max_tokens + call.route.provider.thinking_tokens
    if call.temperature is not None:
        body["temperature"] = call.temperature
    if call.schema == ANY_OBJECT:
        body["response_format"] = {"type": "json_object"}
    elif call.schema is not None:
        schema = {"name": "answer", "schema": dict(call.schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body
