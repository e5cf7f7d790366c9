import base64
import binascii
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from kit.auth.caller import Caller
from kit.auth.sessions import session_token
from kit.auth.tokens import UserTokens
from kit.errors import LecternError, PermissionDenied, Unauthenticated
from services.gateway.http.door import Door
from services.gateway.http.statuses import http_status

CHALLENGE = {"www-authenticate": 'Basic realm="Lectern: any name, and an admin\'s token as the password"'}


class PageDoor(Door):
    """As the door, for browsers: a session's cookie, or the token as the password of HTTP's basic authentication.

    Nobody sends a CSRF token along with the address of a page; forms are held to their origin by `same_origin`.
    """

    def __init__(self, tokens: UserTokens, guest: Caller | None) -> None:
        super().__init__(tokens, _refused, guest)

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """An admin; raises Unauthenticated and PermissionDenied."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            headers = {"authorization": f"Bearer {_password(credentials)}"}
        elif not scheme and self._guest is None:
            headers = {"authorization": f"Bearer {session_token(headers)}"}
        caller = await super().caller(headers)
        if not caller.is_admin:
            raise PermissionDenied("this page is for admins")
        return caller


def same_origin(request: Request) -> None:
    """Raises PermissionDenied for a form that another site sent: browsers add credentials to those as well."""
    origin = urlsplit(request.headers.get("origin", "")).netloc
    if origin != request.headers.get("host", ""):
        raise PermissionDenied("the form was sent from another page")


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Unauthenticated("the credentials cannot be read") from error


def _refused(error: LecternError) -> Response:
    challenge = CHALLENGE if isinstance(error, Unauthenticated) else None
    return PlainTextResponse(error.message, http_status(error), challenge)
