from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens

TOKEN_SECONDS = 12 * 3600


class Playground:
    """What the playground must know; on the local stack a ready token, elsewhere none."""

    def __init__(self, tokens: UserTokens, demo_user: str, demo_model: str) -> None:
        self._tokens = tokens
        self._user = demo_user
        self._model = demo_model

    def routes(self) -> list[BaseRoute]:
        return [Route("/playground/config.json", self.config)]

    async def config(self, _: Request) -> JSONResponse:
        answer = {"demo": bool(self._model), "model": self._model, "token": self._token()}
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    def _token(self) -> str:
        if not self._user:
            return ""
        return self._tokens.issue(Caller("default", self._user, frozenset({Role.STUDENT})), TOKEN_SECONDS)
