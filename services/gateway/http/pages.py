from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

PAGES = {"/": "index.html", "/console": "console.html"}


def page_routes(folder: Path) -> list[BaseRoute]:
    """The playground, the console, and what pages are made of at `/static`."""
    pages = [Route(path, _page(folder / name)) for path, name in PAGES.items()]
    return [*pages, Mount("/static", StaticFiles(directory=folder))]


def _page(file: Path) -> Callable[[Request], Awaitable[FileResponse]]:
    async def show(_: Request) -> FileResponse:
        return FileResponse(file, headers={"cache-control": "no-cache"})

    return show
