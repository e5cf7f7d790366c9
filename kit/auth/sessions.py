"""Sessions of pages: a cookie that scripts can't read carries the token, and a header proves whose page is calling.

Browsers send cookies along with requests that other sites cause, so a cookie alone is never enough for the API: the
page repeats the session's CSRF token in a header, which other sites can neither read nor set. It is a digest of the
session's own token, so every service can check it without shared state.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from kit.errors import Unauthenticated

COOKIE = "lectern_session"
CSRF_HEADER = "x-csrf-token"
_PURPOSE = b"lectern csrf"


def csrf_token(token: str) -> str:
    """What the page of a session sends along with each call; nobody who does not hold the token can compute it."""
    return hmac.new(token.encode(), _PURPOSE, sha256).hexdigest()


def session_token(headers: Mapping[str, str]) -> str:
    """The token in the session's cookie, empty without one; it proves nothing about who caused the request."""
    for crumb in headers.get("cookie", "").split(";"):
        name, _, value = crumb.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def bearer_token(headers: Mapping[str, str]) -> str:
    """The user's token: as `Bearer` in `authorization`, or in a session's cookie with its CSRF token; else empty.

    Raises Unauthenticated for a cookie whose page did not show its CSRF token.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme:
        return token.strip() if scheme.lower() == "bearer" else ""
    token = session_token(headers)
    if token and not hmac.compare_digest(csrf_token(token).encode(), headers.get(CSRF_HEADER, "").encode()):
        raise Unauthenticated(f"a session counts only with its {CSRF_HEADER} header")
    return token
