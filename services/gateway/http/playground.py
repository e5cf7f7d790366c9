from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route


class Playground:
    """What the playground must know before anybody has signed in."""

    def __init__(self, guest: str, demo_model: str) -> None:
        """`guest` may sign in without a token, `demo_model` is a small one; empty where there is none."""
        self._answer = {"demo": bool(demo_model), "model": demo_model, "guest": guest}

    def routes(self) -> list[BaseRoute]:
        return [Route("/playground/config.json", self.config)]

    async def config(self, _: Request) -> JSONResponse:
        return JSONResponse(self._answer, headers={"cache-control": "no-store"})
