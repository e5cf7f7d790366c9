from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from services.gateway.openapi.contract import read_contract
from services.gateway.openapi.document import Fragment, document

SIDECAR = "drf_spectacular_sidecar"
VIEWER = Path("static") / SIDECAR / "swagger-ui-dist"


def docs_routes(pages: Path, fragments: Iterable[Fragment]) -> list[BaseRoute]:
    """`/openapi.json`, and `/docs` with all that it needs: nothing is fetched from elsewhere."""
    body = orjson.dumps(document(read_contract(), fragments))

    async def openapi(_: Request) -> Response:
        return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})

    async def docs(_: Request) -> Response:
        return FileResponse(pages / "docs.html", headers={"cache-control": "no-cache"})

    return [
        Route("/openapi.json", openapi),
        Route("/docs", docs),
        Mount("/docs/viewer", StaticFiles(directory=_viewer())),
    ]


def _viewer() -> Path:
    """The files of Swagger UI, out of the package that carries them; the package itself is never imported."""
    spec = find_spec(SIDECAR)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {SIDECAR} is not installed")
    return Path(spec.origin).parent / VIEWER
