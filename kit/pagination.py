"""Opaque page tokens, bound to the list that they were issued for."""

import base64
import hashlib
import hmac
from typing import Any

import orjson

from kit.errors import InvalidArgument, Reason

SIGNATURE_BYTES = 12


class PageTokens:
    """Signs cursors, so that a token can't be made up or carried over to another list, filter or user."""

    def __init__(self, secret: str) -> None:
        self._secret = hashlib.sha256(f"page-tokens:{secret}".encode()).digest()

    def encode(self, scope: str, cursor: list[Any]) -> str:
        """`scope` names the list with its filters and its reader; `cursor` holds JSON values."""
        payload = orjson.dumps(cursor)
        return base64.urlsafe_b64encode(self._signature(scope, payload) + payload).decode().rstrip("=")

    def decode(self, token: str, scope: str) -> list[Any] | None:
        """The cursor; None for the first page; raises InvalidArgument with PAGE_TOKEN_INVALID."""
        if not token:
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise _invalid() from error
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(scope, payload)):
            raise _invalid()
        cursor: list[Any] = orjson.loads(payload)
        return cursor

    def _signature(self, scope: str, payload: bytes) -> bytes:
        return hmac.digest(self._secret, scope.encode() + b"\0" + payload, "sha256")[:SIGNATURE_BYTES]


def page_size(requested: int, default: int = 50, maximum: int = 200) -> int:
    """How many to return: the default for 0, at most `maximum`; raises InvalidArgument below 0."""
    if requested < 0:
        raise InvalidArgument("page_size must not be negative", field="page_size")
    return min(requested or default, maximum)


def _invalid() -> InvalidArgument:
    return InvalidArgument("the page token was not issued for this list", Reason.PAGE_TOKEN_INVALID, field="page_token")
