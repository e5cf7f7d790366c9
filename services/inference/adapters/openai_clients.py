"""The configured providers as the SDK understands them, and the endpoints that its settings lead to."""

import asyncio
from collections.abc import Iterable

from multidict import CIMultiDict
from openai import AsyncOpenAI

from services.inference.adapters.endpoint import Endpoint
from services.inference.model.providers import Provider, Route


class OpenAIClients:
    """One endpoint for each provider and key; the SDK knows addresses and headers, its own calls cost too much."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._endpoints = {
            Route(provider, index, "").id: _endpoint(provider, key)
            for provider in providers
            for index, key in enumerate(provider.keys)
        }

    def of(self, route: Route) -> Endpoint:
        return self._endpoints[route.id]

    async def close(self) -> None:
        await asyncio.gather(*(endpoint.close() for endpoint in self._endpoints.values()))


def _endpoint(provider: Provider, key: str) -> Endpoint:
    own = {**provider.headers, **({provider.key_header: key} if provider.key_header else {})}
    client = AsyncOpenAI(api_key=key, base_url=provider.base_url, default_headers=own)
    return Endpoint(str(client.base_url), _headers(client))


def _headers(client: AsyncOpenAI) -> CIMultiDict[str]:
    """What the SDK would send with each request: its values that are no strings mark what it leaves out."""
    headers: CIMultiDict[str] = CIMultiDict(client.auth_headers)
    for name, value in client.default_headers.items():
        if isinstance(value, str):
            headers[name] = value
        else:
            headers.pop(name, None)
    return headers
