from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from services.gateway.http.elsewhere import elsewhere
from services.gateway.http.headers import SecurityHeaders
from services.gateway.http.pages import page_routes
from services.gateway.http.playground import Playground


def http_app(pages: Path, playground: Playground, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The HTTP face of the gateway."""
    routes = [*more, *playground.routes(), *page_routes(pages)]
    return Starlette(
        routes=routes, middleware=[Middleware(SecurityHeaders)], exception_handlers={HTTPException: elsewhere}
    )
