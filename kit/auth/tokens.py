"""Tokens of users: JWTs signed by a shared secret, or by keys that an identity provider publishes."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import jwt

from kit.auth.caller import Caller, Role
from kit.auth.keys import KEY_TYPES, PublishedKeys
from kit.errors import Reason, Unauthenticated

REMEMBERED = 4096
MAX_TOKEN_LENGTH = 8192
# How far the clock of whoever issues tokens may be from ours, in seconds; the edge allows as much.
CLOCK_SKEW_SECONDS = 10


class UserTokens:
    """Checks signature, `aud`, `iss` and times; claims `sub`, `org` (default `default`) and `roles` make the caller."""

    def __init__(self, *, secret: str, jwks_url: str, issuer: str, audience: str) -> None:
        """With `jwks_url` only RS256 and ES256 are taken, without it only HS256: the kinds are never mixed."""
        self._secret = secret
        self._jwks = PublishedKeys(jwks_url) if jwks_url else None
        self._issuer = issuer
        self._audience = audience
        self._remembered: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    def issue(self, caller: Caller, lifetime: float) -> str:
        """A token for the caller, valid for `lifetime` seconds; with a shared secret alone."""
        now = int(time.time())
        claims = {
            "sub": caller.user,
            "org": caller.tenant,
            "roles": sorted(caller.roles),
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + int(lifetime),
        }
        return jwt.encode(claims, self._secret, algorithm="HS256")

    async def verify(self, token: str) -> Caller:
        """The caller that the token stands for; raises Unauthenticated, and Unavailable where there are no keys."""
        known = self._remembered.get(token)
        if known and known[0] > time.time():
            return known[1]
        if len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated("the token is too long")
        try:
            claims = await self._decode(token)
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("the token has expired", Reason.TOKEN_EXPIRED) from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise Unauthenticated("the token is not valid") from error
        caller = caller_of(claims)
        self._remember(token, self._valid_until(claims), caller)
        return caller

    async def _decode(self, token: str) -> dict[str, Any]:
        if self._jwks is not None:
            return self._signed_by_one_of(await self._jwks.fitting(jwt.get_unverified_header(token)), token)
        if not self._secret:
            raise jwt.InvalidKeyError("no key to check tokens with is configured")
        return self._checked(token, self._secret, ["HS256"])

    def _signed_by_one_of(self, keys: Sequence[jwt.PyJWK], token: str) -> dict[str, Any]:
        for key in keys:
            try:
                return self._checked(token, key.key, list(KEY_TYPES))
            except jwt.InvalidSignatureError:
                continue
        raise jwt.InvalidSignatureError("no key that is published has signed this")

    def _checked(self, token: str, key: Any, algorithms: list[str]) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=self._audience,
            issuer=self._issuer,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": ["exp", "sub", "aud", "iss"]},
        )
        return claims

    def _valid_until(self, claims: dict[str, Any]) -> float:
        """Until when a token need not be checked again: with it ends what its key proved before it was withdrawn."""
        expires = float(claims["exp"]) + CLOCK_SKEW_SECONDS
        return expires if self._jwks is None else min(expires, time.time() + self._jwks.fresh_seconds)

    def _remember(self, token: str, expires: float, caller: Caller) -> None:
        self._remembered[token] = (expires, caller)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)


def caller_of(claims: dict[str, Any]) -> Caller:
    """The caller of checked claims; unknown roles are left out."""
    user, tenant, roles = claims.get("sub"), claims.get("org", "default"), claims.get("roles", [])
    if not isinstance(user, str) or not user or not isinstance(tenant, str) or not tenant:
        raise Unauthenticated("the token names no user")
    if not isinstance(roles, list):
        raise Unauthenticated("the token's roles are not a list")
    known = frozenset(Role(role) for role in roles if role in set(Role))
    return Caller(tenant=tenant, user=user, roles=known or frozenset({Role.STUDENT}))
