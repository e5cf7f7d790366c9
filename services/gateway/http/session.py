"""`/session`: pages sign in by a cookie; see `kit.auth.sessions`."""

import time

import jwt
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kit.auth.caller import Caller, Role
from kit.auth.sessions import COOKIE, csrf_token, session_token
from kit.auth.tokens import UserTokens
from kit.errors import InvalidArgument, LecternError, Unauthenticated
from services.gateway.http.bodies import read_model
from services.gateway.http.statuses import status_response

PATH = "/session"
# Browsers drop cookies above 4096 bytes, name and attributes included.
MAX_TOKEN_LENGTH = 3800
GUEST_SECONDS = 12 * 3600
UNCACHED = {"cache-control": "no-store"}


class SignIn(BaseModel):
    """`token` is the user's; without one the local stack signs its guest in, with this role besides a student's."""

    token: str = ""
    role: Role = Role.STUDENT


class Sessions:
    """Signs in, tells who is signed in, and signs out."""

    def __init__(self, tokens: UserTokens, guest: str) -> None:
        """`guest` is who may come without a token; nobody where it is empty."""
        self._tokens = tokens
        self._guest = guest

    def routes(self) -> list[BaseRoute]:
        return [
            Route(PATH, self.read, methods=["GET"]),
            Route(PATH, self.begin, methods=["POST"]),
            Route(PATH, self.end, methods=["DELETE"]),
        ]

    async def read(self, request: Request) -> Response:
        """Who is signed in; an empty object where nobody is."""
        token = session_token(request.headers)
        try:
            caller = await self._tokens.verify(token) if token else None
        except LecternError:
            caller = None
        return JSONResponse(_told(caller, token) if caller else {}, headers=UNCACHED)

    async def begin(self, request: Request) -> Response:
        try:
            token = await self._wanted(request)
            caller = await self._tokens.verify(token)
        except LecternError as error:
            return status_response(error)
        response = JSONResponse(_told(caller, token), headers=UNCACHED)
        _set(response, request, token, round(_expiry(token) - time.time()))
        return response

    async def end(self, request: Request) -> Response:
        response = Response(status_code=204, headers=UNCACHED)
        _set(response, request, "", 0)
        return response

    async def _wanted(self, request: Request) -> str:
        """The token of the request; forms of other sites can't send JSON, so nobody is signed in behind their back."""
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise InvalidArgument("the body must be application/json")
        wanted = await read_model(request, SignIn)
        token = wanted.token.strip()
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidArgument(f"a session's token has at most {MAX_TOKEN_LENGTH} characters", field="token")
        if token:
            return token
        if not self._guest:
            raise Unauthenticated("a token is required")
        return self._tokens.issue(Caller("default", self._guest, frozenset({Role.STUDENT, wanted.role})), GUEST_SECONDS)


def _told(caller: Caller, token: str) -> dict[str, object]:
    return {
        "user": caller.user,
        "tenant": caller.tenant,
        "roles": sorted(caller.roles),
        "expires": int(_expiry(token)),
        "csrfToken": csrf_token(token),
    }


def _expiry(token: str) -> float:
    """In seconds since 1970, of a token that was verified."""
    return float(jwt.decode(token, options={"verify_signature": False})["exp"])


def _set(response: Response, request: Request, token: str, seconds: int) -> None:
    """The cookie: out of reach of scripts and of other sites, and over TLS alone where the page came over TLS."""
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)
