"""Puts the older systems' endpoints together."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from services.gateway.http.door import Door
from services.gateway.legacy.operating import Operating
from services.gateway.legacy.reports import SessionReports
from services.gateway.legacy.tasks import Courses, Tasks
from services.gateway.legacy.trainer import Trainer
from services.gateway.legacy.uploads import PdfUploads
from services.gateway.observed import refusals

PATH = "/api"


@dataclass(frozen=True)
class Legacy:
    """Who answers below `/api`."""

    trainer: Trainer
    operating: Operating
    tasks: Tasks
    courses: Courses
    reports: SessionReports
    uploads: PdfUploads


def legacy_routes(door: Door, legacy: Legacy) -> Sequence[BaseRoute]:
    trainer, operating = legacy.trainer, legacy.operating
    routes = [
        Route("/trainer/chat", door(trainer.chat, refusals), methods=["GET"]),
        Route("/trainer/health", trainer.health, methods=["GET"]),
        Route("/trainer/stats", door(trainer.stats), methods=["GET"]),
        Route("/trainer/preload", door(trainer.preload), methods=["POST"]),
        Route("/trainer/cache/{course}", door(trainer.clear), methods=["DELETE"]),
        Route("/admin/breaker-stats", door(operating.breakers), methods=["GET"]),
        Route("/admin/cache-stats", door(operating.caches), methods=["GET"]),
        Route("/admin/queue-stats", door(operating.queues), methods=["GET"]),
        Route("/worker-stats", door(operating.workers), methods=["GET"]),
        Route("/upload-pdfs", door(legacy.uploads.take), methods=["POST"]),
        Route("/jobs/{task}", door(legacy.tasks.get), methods=["GET"]),
        Route("/reports/session/{session}", door(legacy.reports.ask), methods=["POST"]),
        Route("/reports/session/{session}/status", door(legacy.reports.status), methods=["GET"]),
        Route("/courses", door(legacy.courses.list), methods=["GET"]),
    ]
    return [Mount(PATH, routes=routes)]


async def elsewhere(request: Request, error: Exception) -> Response:
    """For paths and methods that are not served."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"{request.method} {request.scope.get('path', '')} is not served here"
    return JSONResponse({"success": False, "error": "UNKNOWN_METHOD", "message": message}, status)
