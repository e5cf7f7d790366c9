"""Posts to public addresses alone. What a name stands for is looked up once, checked, and then connected to."""

import asyncio
import ipaddress
import socket
import time
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from kit.errors import InvalidArgument, Reason, Unavailable
from kit.jobs.webhooks.ports import Receipt

SECONDS = 10.0
LONGEST_BODY = 500
USER_AGENT = "Lectern-Webhooks/1"


class PublicPostman:
    """`private` lets it reach loopback and private networks, and plain http: for trying things out."""

    def __init__(self, *, private: bool = False) -> None:
        self._private = private
        self._resolver = _PublicResolver(private=private)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def check(self, url: str) -> None:
        parts = self._checked(url)
        await self._resolver.resolve(parts.hostname or "", parts.port or 443, socket.AF_UNSPEC)

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Receipt:
        self._checked(url)
        began = time.monotonic()
        try:
            async with self._opened().post(url, data=body, headers=headers, allow_redirects=False) as answer:
                text = (await answer.content.read(LONGEST_BODY)).decode(errors="replace")
                return Receipt(answer.status, " ".join(text.split()), round((time.monotonic() - began) * 1000))
        except TimeoutError as error:
            raise Unavailable(f"the address did not answer within {SECONDS:.0f} s") from error
        except aiohttp.ClientError as error:
            raise Unavailable(f"the address cannot be reached: {type(error).__name__}") from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=self._resolver, force_close=True, ttl_dns_cache=0),
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                headers={"user-agent": USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _checked(self, url: str) -> SplitResult:
        """An address that stands in the URL itself is never looked up, and so is checked here."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise _refused("is not a URL") from error
        if parts.scheme != "https" and not (self._private and parts.scheme == "http"):
            raise _refused("must begin with https://")
        if not host or parts.username is not None or parts.fragment:
            raise _refused("must name a host, and neither a user nor a fragment")
        try:
            literal = ipaddress.ip_address(host)
        except ValueError:
            return parts
        if not (self._private or is_public(literal)):
            raise _refused("is not a public address")
        return parts


class _PublicResolver(AbstractResolver):
    """Refuses a name as a whole where any of its addresses is not public."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._inner: ThreadedResolver | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self._inner = self._inner or ThreadedResolver(asyncio.get_running_loop())
        try:
            found = await self._inner.resolve(host, port, family)
        except (OSError, UnicodeError) as error:  # a label that is empty or too long cannot be asked for
            raise _refused("cannot be found") from error
        if not self._private and not all(is_public(ipaddress.ip_address(each["host"])) for each in found):
            raise _refused("is not a public address")
        return found

    async def close(self) -> None:
        pass


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Also where an IPv4 address is wrapped in one of IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _refused(why: str) -> InvalidArgument:
    return InvalidArgument(f"the address {why}", Reason.ADDRESS_REFUSED, field="webhook.url")
