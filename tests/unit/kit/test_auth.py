import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lectern.auth.v1 import access_pb2

from kit.auth import access
from kit.auth.caller import Caller, Role
from kit.auth.service_tokens import ServiceTokens
from kit.auth.tokens import CLOCK_SKEW_SECONDS, UserTokens
from kit.errors import PermissionDenied, Reason, Unauthenticated

SECRET = "a-secret-of-at-least-thirty-two-bytes"
TEACHER = Caller("school", "tess", frozenset({Role.TEACHER}))


def tokens(secret: str = SECRET, **changes: str) -> UserTokens:
    return UserTokens(**{"secret": secret, "jwks_url": "", "issuer": "lectern", "audience": "lectern", **changes})


def signed(secret: str = SECRET, **changes: object) -> str:
    claims = {"sub": "u", "iss": "lectern", "aud": "lectern", "exp": time.time() + 60, **changes}
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, algorithm="HS256")


def _with(claim: str, seconds: float) -> str:
    changes: dict[str, object] = {claim: time.time() + seconds}
    return signed(SECRET, **changes)


async def test_a_token_carries_user_tenant_and_roles() -> None:
    assert await tokens().verify(tokens().issue(TEACHER, 60)) == TEACHER


async def test_tenant_and_role_have_defaults() -> None:
    assert await tokens().verify(signed()) == Caller("default", "u", frozenset({Role.STUDENT}))


async def test_an_expired_token_says_so() -> None:
    with pytest.raises(Unauthenticated) as refused:
        await tokens().verify(signed(exp=time.time() - CLOCK_SKEW_SECONDS - 1))
    assert refused.value.reason == Reason.TOKEN_EXPIRED


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_a_clock_that_is_a_little_ahead_is_forgiven(claim: str) -> None:
    assert (await tokens().verify(_with(claim, CLOCK_SKEW_SECONDS - 1))).user == "u"
    with pytest.raises(Unauthenticated):
        await tokens().verify(_with(claim, CLOCK_SKEW_SECONDS + 60))


async def test_so_is_a_clock_that_is_a_little_behind() -> None:
    verifier, late = tokens(), signed(exp=time.time() - 1)
    assert (await verifier.verify(late)).user == "u"
    assert (await verifier.verify(late)).user == "u"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        signed("another-secret-of-at-least-32-bytes!"),
        signed(aud="others"),
        signed(iss="others"),
        signed(sub=None),
        signed(sub=""),
        signed(exp=None),
        signed(exp=float("inf")),
        signed(exp=[1]),
        signed(roles="admin"),
        jwt.encode({"sub": "u", "iss": "lectern", "aud": "lectern", "exp": time.time() + 60}, "", algorithm="none"),
        "x" * 9000,
    ],
)
async def test_bad_tokens_are_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        await tokens().verify(token)


async def test_without_a_secret_no_token_is_valid() -> None:
    with pytest.raises(Unauthenticated):
        await tokens("").verify(signed())


@pytest.fixture
def published_keys(tmp_path: Path) -> Iterator[tuple[rsa.RSAPrivateKey, str]]:
    """A private key, and the address where its public half is published."""
    key = rsa.generate_private_key(65537, 2048)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "k1", "use": "sig"}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public]}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield key, f"http://127.0.0.1:{server.server_port}/keys.json"
    server.shutdown()


async def test_published_keys_are_used_and_shared_secrets_then_refused(
    published_keys: tuple[rsa.RSAPrivateKey, str],
) -> None:
    key, address = published_keys
    verifier = tokens("", jwks_url=address)
    claims = {"sub": "u", "iss": "lectern", "aud": "lectern", "exp": time.time() + 60}
    assert (await verifier.verify(jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"}))).user == "u"
    with pytest.raises(Unauthenticated):
        await verifier.verify(jwt.encode(claims, SECRET, algorithm="HS256", headers={"kid": "k1"}))


def test_a_service_token_names_the_service_and_the_user() -> None:
    caller = ServiceTokens(SECRET).verify(ServiceTokens(SECRET).issue("gateway", TEACHER))
    assert (caller.service, caller.user, caller.tenant, caller.roles) == ("gateway", "tess", "school", TEACHER.roles)


async def test_service_and_user_tokens_are_not_interchangeable() -> None:
    with pytest.raises(Unauthenticated):
        await tokens().verify(ServiceTokens(SECRET).issue("gateway", TEACHER))
    with pytest.raises(Unauthenticated):
        ServiceTokens(SECRET).verify(tokens().issue(TEACHER, 60))


@pytest.mark.parametrize(
    ("rule", "roles", "service", "passes"),
    [
        (access_pb2.ACCESS_USER, {Role.STUDENT}, "", True),
        (access_pb2.ACCESS_TEACHER, {Role.STUDENT}, "", False),
        (access_pb2.ACCESS_TEACHER, {Role.TEACHER}, "", True),
        (access_pb2.ACCESS_TEACHER, {Role.ADMIN}, "", True),
        (access_pb2.ACCESS_ADMIN, {Role.TEACHER}, "", False),
        (access_pb2.ACCESS_ADMIN, {Role.ADMIN}, "", True),
        (access_pb2.ACCESS_INTERNAL, {Role.ADMIN}, "", False),
        (access_pb2.ACCESS_INTERNAL, {Role.STUDENT}, "gateway", True),
    ],
)
def test_rules_let_in_whom_they_name(rule: access.Rule, roles: set[Role], service: str, passes: bool) -> None:
    caller = Caller("t", "u", frozenset(roles), service)
    if passes:
        access.check(rule, caller)
        return
    with pytest.raises(PermissionDenied):
        access.check(rule, caller)


def test_an_unknown_method_stays_closed() -> None:
    assert access.rule_for({}, "/lectern.x.v1.X/New") == access_pb2.ACCESS_INTERNAL
