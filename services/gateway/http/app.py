from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from services.gateway.http.elsewhere import Handler, elsewhere
from services.gateway.http.exact import ExactPaths
from services.gateway.http.headers import SecurityHeaders
from services.gateway.http.pages import page_routes
from services.gateway.http.playground import Playground


def http_app(
    pages: Path, playground: Playground, more: Sequence[BaseRoute] = (), shapes: Mapping[str, Handler] | None = None
) -> Starlette:
    """The HTTP face of the gateway; `shapes` answer for what nothing serves, by the beginnings of paths."""
    routes = [*more, *playground.routes(), *page_routes(pages)]
    return Starlette(
        routes=routes,
        middleware=[Middleware(SecurityHeaders), Middleware(ExactPaths, routes)],
        exception_handlers={HTTPException: elsewhere(shapes or {})},
    )
