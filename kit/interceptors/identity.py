"""Who calls: the token becomes a caller, and the method's access rule is checked."""

from collections.abc import Awaitable, Mapping
from typing import Any

from lectern.auth.v1 import access_pb2

from kit.auth import access
from kit.auth.caller import Caller
from kit.auth.service_tokens import ServiceTokens
from kit.auth.sessions import bearer_token
from kit.auth.tokens import UserTokens
from kit.call import Call
from kit.errors import Unauthenticated
from kit.interceptors.pipeline import Proceed


class Identity:
    """`Bearer` tokens and sessions are users', `Service` tokens are those of Lectern's own services.

    A call from within the process comes with its caller.
    """

    def __init__(self, rules: Mapping[str, access.Rule], users: UserTokens, services: ServiceTokens) -> None:
        self._rules = rules
        self._users = users
        self._services = services

    def __call__(self, call: Call, proceed: Proceed) -> Awaitable[Any]:
        rule = access.rule_for(self._rules, call.method)
        if call.caller is None and rule != access_pb2.ACCESS_OPEN:
            return self._identified(rule, call, proceed)
        access.check(rule, call.caller)
        return proceed()

    async def _identified(self, rule: access.Rule, call: Call, proceed: Proceed) -> Any:
        call.caller = await self._caller(call.metadata)
        access.check(rule, call.caller)
        return await proceed()

    async def _caller(self, metadata: Mapping[str, str]) -> Caller:
        scheme, _, token = metadata.get("authorization", "").partition(" ")
        if scheme.lower() == "service" and token:
            return self._services.verify(token.strip())
        if token := bearer_token(metadata):
            return await self._users.verify(token)
        raise Unauthenticated("a bearer token is required")
