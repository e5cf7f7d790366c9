"""Requests to one provider under one key, over connections that are kept open between them."""

import functools
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Any
from urllib.request import getproxies, proxy_bypass

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from httpx2 import create_ssl_context
from yarl import URL

from services.inference.adapters.openai_errors import codes_of, of_status, retry_after
from services.inference.model.failures import ProviderFailure, Remedy

MAX_CONNECTIONS = 1024
KEPT_SECONDS = 5.0  # shorter than what servers grant, so that no request meets a connection that is just being closed
MAX_ERROR_BYTES = 64 * 1024


class Endpoint:
    """Where a provider's calls go, and with which headers."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        """`base_url` ends with a slash."""
        self._base = URL(base_url)
        self._urls: dict[str, URL] = {}
        self._proxy = _proxy(self._base)
        connector = TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEPT_SECONDS, ssl=_certificates())
        self._session = ClientSession(connector=connector, headers=headers, cookie_jar=DummyCookieJar())

    async def close(self) -> None:
        await self._session.close()

    async def post(
        self, path: str, body: Any, headers: Mapping[str, str], *, connect: float, total: float
    ) -> ClientResponse:
        """A response with a good status, its body still to be read; raises ProviderFailure.

        `connect` and `total` in seconds: to open a connection, and to get hold of one. Whoever asked closes it,
        which does nothing to a connection whose answer was read to its end.
        """
        response = await self._response(path, orjson.dumps(body), headers, _timeout(connect, total))
        if response.status < 300:  # a redirect is no answer either
            return response
        with closing(response):
            raise of_status(response.status, codes_of(await _json(response)), retry_after(response.headers))

    async def _response(
        self, path: str, body: bytes, headers: Mapping[str, str], timeout: ClientTimeout
    ) -> ClientResponse:
        url = self._urls.get(path) or self._urls.setdefault(path, self._url(path))
        try:
            return await self._session.post(
                url, data=body, headers=headers, timeout=timeout, allow_redirects=False, proxy=self._proxy
            )
        except TimeoutError as error:
            raise ProviderFailure(Remedy.RETRY, "timeout", "the provider did not answer in time") from error
        except (ClientError, OSError) as error:
            raise ProviderFailure(Remedy.RETRY, "connection", "the provider cannot be reached") from error

    def _url(self, path: str) -> URL:
        return self._base.with_path(self._base.raw_path + path, encoded=True, keep_query=True)


async def _json(response: ClientResponse) -> Any:
    """The body of a refusal as far as it goes; None where it is not JSON."""
    body = b""
    with suppress(ClientError, OSError, orjson.JSONDecodeError):
        while len(body) < MAX_ERROR_BYTES and (data := await response.content.readany()):
            body += data
        return orjson.loads(body)
    return None


@functools.cache
def _timeout(connect: float, total: float) -> ClientTimeout:
    return ClientTimeout(total=None, connect=total, sock_connect=connect)


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Those that the SDK trusts, by the same variables of the environment."""
    return create_ssl_context()


def _proxy(url: URL) -> str | None:
    """The proxy that the environment names for a provider, looked up once."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host or ""):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
