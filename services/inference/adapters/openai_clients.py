"""The SDK's clients, one for each provider and key; their retries are off, because failover retries."""

import asyncio
from collections.abc import Iterable

from openai import AsyncOpenAI, DefaultAioHttpClient

from services.inference.model.providers import Provider, Route

MAX_CONNECTIONS = 512


class OpenAIClients:
    """Connections to the configured providers, kept open between calls."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._clients = {
            Route(provider, index, "").id: AsyncOpenAI(
                api_key=key,
                base_url=provider.base_url,
                default_headers={**provider.headers, **({provider.key_header: key} if provider.key_header else {})},
                max_retries=0,
                http_client=DefaultAioHttpClient(follow_redirects=False),
            )
            for provider in providers
            for index, key in enumerate(provider.keys)
        }

    def of(self, route: Route) -> AsyncOpenAI:
        return self._clients[route.id]

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients.values()))
