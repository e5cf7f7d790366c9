"""Paths without parameters, found by one look-up instead of by asking one route after another."""

from collections.abc import Iterable, Iterator

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.http.door import Admitted


class ExactPaths:
    """Hands calls of endpoints behind the door straight to them; everything else goes through the router.

    Only such endpoints: they answer their errors themselves, so nothing of what is around the router is missed.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._found = {place: route.app for place, route in _places(routes, "") if isinstance(route.app, Admitted)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._found.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        await (endpoint or self._app)(scope, receive, send)


def _places(routes: Iterable[BaseRoute], below: str) -> Iterator[tuple[tuple[str, str], Route]]:
    """Method and path of the routes that take no parameters, the first of each, as the router has it."""
    known: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, Mount) and not route.param_convertors.keys() - {"path"}:
            found = list(_places(route.routes, below + route.path))
        elif isinstance(route, Route) and not route.param_convertors:
            found = [((method, below + route.path), route) for method in route.methods or ()]
        else:
            continue
        for place, each in found:
            if place not in known:
                known.add(place)
                yield place, each
