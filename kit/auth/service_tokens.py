"""Tokens between services: they name the service that calls and the user on whose behalf it does."""

import time
from collections import OrderedDict
from typing import Any

import jwt

from kit.auth.caller import Caller, Role
from kit.auth.tokens import caller_of
from kit.errors import Unauthenticated

AUDIENCE = "lectern-services"
LIFETIME = 300
REMEMBERED = 4096


class ServiceTokens:
    """Issues and checks HS256 tokens under a secret that no user's token is signed with."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._issued: OrderedDict[tuple[str, Caller], tuple[float, str]] = OrderedDict()
        self._verified: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    def issue(self, service: str, caller: Caller) -> str:
        """A token for `service` acting for `caller`; reused for half of its lifetime."""
        key, now = (service, caller), time.time()
        known = self._issued.get(key)
        if known and known[0] > now:
            return known[1]
        claims = {
            "sub": caller.user,
            "org": caller.tenant,
            "roles": sorted(caller.roles),
            "act": service,
            "aud": AUDIENCE,
            "exp": int(now) + LIFETIME,
        }
        token = jwt.encode(claims, self._secret, algorithm="HS256")
        _remember(self._issued, key, (now + LIFETIME / 2, token))
        return token

    def verify(self, token: str) -> Caller:
        """The caller, with `service` set; raises Unauthenticated."""
        known = self._verified.get(token)
        if known and known[0] > time.time():
            return known[1]
        try:
            claims = jwt.decode(
                token, self._secret, algorithms=["HS256"], audience=AUDIENCE, options={"require": ["exp", "sub", "act"]}
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthenticated("the service token is not valid") from error
        user = caller_of(claims)
        caller = Caller(user.tenant, user.user, user.roles, service=str(claims["act"]))
        _remember(self._verified, token, (float(claims["exp"]), caller))
        return caller


def on_behalf_of_nobody(service: str) -> Caller:
    """The caller of a service's own housekeeping."""
    return Caller(tenant="-", user="-", roles=frozenset({Role.ADMIN}), service=service)


def _remember(memory: OrderedDict[Any, Any], key: object, value: object) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
