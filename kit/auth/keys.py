"""Keys that an identity provider publishes: fetched seldom, dropped once withdrawn, kept while their server is away."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import jwt
import structlog

from kit.errors import Unavailable

# A key that is withdrawn is used no longer than this; the edge asks as often.
FRESH_SECONDS = 300.0
# While the server of the keys does not answer, those it named last are trusted for so long.
KEPT_SECONDS = 3600.0
# Tokens may name keys that nobody has; not each of them is worth a request.
UNKNOWN_KEY_PAUSE_SECONDS = 10.0
AWAY_PAUSE_SECONDS = 1.0
FETCH_TIMEOUT_SECONDS = 5.0
KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}

log = structlog.get_logger()


class _NoKeys(jwt.PyJWKSet):
    """The set of a server that publishes none, which the library has no name for."""

    def __init__(self) -> None:
        self.keys = []


class PublishedKeys(jwt.PyJWKClient):
    """The library fetches and reads a set of keys; when to fetch, and what holds meanwhile, is decided here."""

    def __init__(self, url: str) -> None:
        super().__init__(url, lifespan=FRESH_SECONDS, timeout=FETCH_TIMEOUT_SECONDS)
        self._fetching: asyncio.Future[None] | None = None
        self._tried = -float("inf")
        self._away = False

    @property
    def fresh_seconds(self) -> float:
        """For how long what these keys have proved need not be asked again, in seconds; 0 where they are stale."""
        cache = self._cache
        known = cache.jwk_set_with_timestamp
        return 0.0 if known is None else max(0.0, known.get_timestamp() + cache.lifespan - time.monotonic())

    async def fitting(self, header: dict[str, Any]) -> Sequence[jwt.PyJWK]:
        """The keys that may have signed a token with this header: the one it names, or all of its kind.

        Raises Unavailable where the keys can't be had, so that nobody is signed out by an outage.
        """
        keys = _fitting(await self._known(), header)
        if not keys and time.monotonic() - self._tried >= UNKNOWN_KEY_PAUSE_SECONDS:
            await self._fetch()
            keys = _fitting(self._kept(), header)
        if not keys and self._away:
            raise _unavailable()
        return keys

    async def _known(self) -> jwt.PyJWKSet:
        known: jwt.PyJWKSet | None = self._cache.get()
        if known is not None:
            return known
        if self._away and self._has_kept():
            # Who would wait for a server that did not answer a moment ago? The next answer is for the next token.
            self._begin()
        else:
            await self._fetch()
        return self._kept()

    def _has_kept(self) -> bool:
        known = self._cache.jwk_set_with_timestamp
        return known is not None and time.monotonic() - known.get_timestamp() < KEPT_SECONDS

    def _kept(self) -> jwt.PyJWKSet:
        known = self._cache.jwk_set_with_timestamp
        if known is None or not self._has_kept():
            raise _unavailable()
        kept: jwt.PyJWKSet = known.get_jwk_set()
        return kept

    async def _fetch(self) -> None:
        """Waits for the one request that runs; a caller that gives up does not end it for the others."""
        self._begin()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)

    def _begin(self) -> None:
        if self._fetching is not None and not self._fetching.done():
            return
        if self._away and time.monotonic() - self._tried < AWAY_PAUSE_SECONDS:
            return
        self._fetching = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        try:
            await asyncio.to_thread(self.fetch_data)
            self._away = False
        except jwt.PyJWKSetError:
            # An answer all the same: every key was withdrawn, so no token is good until others are published.
            self._cache.put(_NoKeys())
            self._away = False
        except (jwt.PyJWKClientError, OSError, ValueError) as error:
            self._away = True
            log.warning("keys_unavailable", url=self.uri, error=str(error), kept=self._has_kept())
        self._tried = time.monotonic()

    @property
    def _cache(self) -> Any:
        return self.jwk_set_cache


def _fitting(keys: jwt.PyJWKSet, header: dict[str, Any]) -> list[jwt.PyJWK]:
    named, kind = header.get("kid"), KEY_TYPES.get(str(header.get("alg")))
    return [
        key
        for key in keys.keys
        if key.key_type == kind
        and key.public_key_use in ("sig", None)
        and (not named or not key.key_id or key.key_id == named)
    ]


def _unavailable() -> Unavailable:
    return Unavailable("the keys that tokens are checked with cannot be fetched; try again")
