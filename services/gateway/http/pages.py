from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles


def page_routes(pages: Path) -> list[BaseRoute]:
    """The playground at `/`, and what pages are made of at `/static`."""

    async def playground(_: Request) -> FileResponse:
        return FileResponse(pages / "index.html", headers={"cache-control": "no-cache"})

    return [Route("/", playground), Mount("/static", StaticFiles(directory=pages))]
