"""Keys that an identity provider publishes, and what its outages and its withdrawals do to those who sign in."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kit.auth import keys as published
from kit.auth.tokens import UserTokens
from kit.errors import Unauthenticated, Unavailable

MONOTONIC = time.monotonic
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())


def public(key: Any, **more: str) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "use": "sig", **more}


class KeyServer:
    """Publishes what `body` says, or fails."""

    def __init__(self) -> None:
        self.body = b""
        self.down = False
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(503 if outer.down else 200)
                self.end_headers()
                self.wfile.write(b"" if outer.down else outer.body)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    def tokens(self) -> UserTokens:
        url = f"http://127.0.0.1:{self.server.server_port}/keys"
        return UserTokens(secret="", jwks_url=url, issuer="lectern", audience="lectern")


@pytest.fixture
def server() -> Iterator[KeyServer]:
    server = KeyServer()
    server.publish(public(RSA, kid="one"))
    yield server
    server.server.shutdown()


def token(user: str = "u", key: Any = RSA, kid: str = "one", **claims: Any) -> str:
    body = {"sub": user, "iss": "lectern", "aud": "lectern", "exp": time.time() + 600, **claims}
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    return jwt.encode(body, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def age(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """As if so much time had passed since the keys were fetched."""
    monkeypatch.setattr(time, "monotonic", lambda: MONOTONIC() + seconds)


async def test_an_outage_from_the_start_is_said_to_be_one(server: KeyServer) -> None:
    server.down = True
    with pytest.raises(Unavailable):
        await server.tokens().verify(token())


@pytest.mark.parametrize("body", [b"<html>back soon</html>", b"[]", b""])
async def test_an_answer_that_is_no_set_of_keys_is_an_outage(server: KeyServer, body: bytes) -> None:
    server.body = body
    with pytest.raises(Unavailable):
        await server.tokens().verify(token())


async def test_the_last_known_keys_go_on_to_serve_for_a_while(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = server.tokens()
    await tokens.verify(token("early"))
    server.down = True
    age(monkeypatch, published.FRESH_SECONDS + 1)
    assert (await tokens.verify(token("late"))).user == "late"
    age(monkeypatch, published.KEPT_SECONDS + 1)
    with pytest.raises(Unavailable):
        await tokens.verify(token("later"))


async def test_a_key_that_nobody_can_look_up_is_no_forged_token(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = server.tokens()
    await tokens.verify(token())
    server.down = True
    age(monkeypatch, published.UNKNOWN_KEY_PAUSE_SECONDS + 1)
    with pytest.raises(Unavailable):
        await tokens.verify(token(key=OTHER_RSA, kid="two"))
    assert (await tokens.verify(token("known"))).user == "known"


async def test_a_withdrawn_key_is_dropped_with_what_it_proved(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, shown = server.tokens(), token()
    await tokens.verify(shown)
    server.publish(public(OTHER_RSA, kid="two"))
    age(monkeypatch, published.FRESH_SECONDS + 1)
    later = time.time() + published.FRESH_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    for known in (shown, token("other")):
        with pytest.raises(Unauthenticated):
            await tokens.verify(known)
    assert (await tokens.verify(token("new", OTHER_RSA, "two"))).user == "new"


def test_withdrawn_keys_are_used_for_ten_minutes_at_the_most() -> None:
    assert published.FRESH_SECONDS + published.FETCH_TIMEOUT_SECONDS <= 600


async def test_an_emptied_set_is_a_withdrawal(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = server.tokens()
    await tokens.verify(token())
    server.publish()
    age(monkeypatch, published.FRESH_SECONDS + 1)
    asked = server.asked
    for user in ("other", "another"):
        with pytest.raises(Unauthenticated):
            await tokens.verify(token(user))
    assert server.asked == asked + 1
    server.publish(public(OTHER_RSA, kid="two"))
    age(monkeypatch, published.FRESH_SECONDS + published.UNKNOWN_KEY_PAUSE_SECONDS + 2)
    assert (await tokens.verify(token("new", OTHER_RSA, "two"))).user == "new"


async def test_no_keys_from_the_start_are_no_outage(server: KeyServer) -> None:
    server.publish()
    with pytest.raises(Unauthenticated):
        await server.tokens().verify(token())


async def test_a_new_key_is_found_without_waiting_for_the_next_fetch(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = server.tokens()
    await tokens.verify(token())
    server.publish(public(RSA, kid="one"), public(OTHER_RSA, kid="two"))
    age(monkeypatch, published.UNKNOWN_KEY_PAUSE_SECONDS + 1)
    assert (await tokens.verify(token("rotated", OTHER_RSA, "two"))).user == "rotated"


@pytest.mark.parametrize("kids", [("one", ""), ("", "one"), ("", "")], ids=["token", "key", "neither"])
async def test_a_key_need_not_be_named(server: KeyServer, kids: tuple[str, str]) -> None:
    published_as, named = kids
    server.publish(public(RSA, **({"kid": published_as} if published_as else {})))
    assert (await server.tokens().verify(token(kid=named))).user == "u"


async def test_of_several_keys_the_one_that_signed_is_found_by_its_kind_and_by_trying(server: KeyServer) -> None:
    server.publish(public(OTHER_RSA, kid="a"), public(RSA, kid="b"), public(ELLIPTIC, kid="c"))
    tokens = server.tokens()
    assert (await tokens.verify(token("rsa", kid=""))).user == "rsa"
    assert (await tokens.verify(token("elliptic", ELLIPTIC, kid=""))).user == "elliptic"
    with pytest.raises(Unauthenticated):
        await tokens.verify(token("forged", rsa.generate_private_key(65537, 2048), kid=""))


async def test_keys_for_encryption_sign_nothing(server: KeyServer) -> None:
    server.publish(public(RSA, kid="one") | {"use": "enc"}, public(ELLIPTIC, kid="c"))
    with pytest.raises(Unauthenticated):
        await server.tokens().verify(token())


async def test_many_who_come_at_once_share_one_request(server: KeyServer) -> None:
    tokens = server.tokens()
    await asyncio.gather(*(tokens.verify(token(f"u{number}")) for number in range(20)))
    assert server.asked == 1
