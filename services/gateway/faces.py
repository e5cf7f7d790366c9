"""Puts the endpoints of the HTTP face together, over the same use cases that gRPC serves."""

from dataclasses import dataclass

import structlog
from starlette.routing import BaseRoute

from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens
from kit.limits.turnstile import Turnstile
from services.gateway.adapters.documents import GrpcDocumentDesk
from services.gateway.adapters.library import GrpcLibrary
from services.gateway.adapters.models import GrpcModels
from services.gateway.adapters.records import GrpcRecords
from services.gateway.adapters.reports import GrpcReports
from services.gateway.health.checks import Examiner
from services.gateway.http.door import Door
from services.gateway.http.session import Sessions
from services.gateway.http.statuses import status_response
from services.gateway.jobs.app import JobsFace
from services.gateway.legacy import app as legacy_app
from services.gateway.legacy import description as legacy_description
from services.gateway.legacy.app import Legacy, legacy_routes
from services.gateway.legacy.errors import error_response
from services.gateway.legacy.operating import Operating
from services.gateway.legacy.redis import RedisParts
from services.gateway.legacy.reports import SessionReports
from services.gateway.legacy.tasks import Courses, Tasks
from services.gateway.legacy.trainer import Trainer
from services.gateway.legacy.uploads import PdfUploads
from services.gateway.openai import app as openai_app
from services.gateway.openai import description as openai_description
from services.gateway.openai.app import openai_routes
from services.gateway.openai.errors import error_response as error_response_of_openai
from services.gateway.openapi.pages import docs_routes
from services.gateway.queuepage.door import PageDoor
from services.gateway.queuepage.page import QueuePage
from services.gateway.service import ChatService
from services.gateway.settings import GatewaySettings
from services.gateway.stats.gathering import Gathering
from services.gateway.uploads import description as uploads_description
from services.gateway.uploads.app import Uploads
from services.gateway.uploads.originals import LinkDoor, Originals
from services.gateway.uploads.transcripts import TranscriptUploads

FRAGMENTS = (uploads_description.fragment(), openai_description.fragment(), legacy_description.fragment())
# As long as the edge waits.
UPLOAD_SECONDS = 300.0
# As long as the edge lets a stream last.
DOWNLOAD_SECONDS = 3600.0
# How paths that are not served answer.
log = structlog.get_logger()

SHAPES = {openai_app.PATH: openai_app.elsewhere, legacy_app.PATH: legacy_app.elsewhere}


@dataclass(frozen=True)
class UseCases:
    """What the endpoints stand on."""

    chat: ChatService
    models: GrpcModels
    library: GrpcLibrary
    documents: GrpcDocumentDesk
    reports: GrpcReports
    records: GrpcRecords
    jobs: JobsFace
    stats: Gathering
    examiner: Examiner
    turnstile: Turnstile


def http_routes(settings: GatewaySettings, tokens: UserTokens, use: UseCases) -> list[BaseRoute]:
    """Sessions, uploads, OpenAI's endpoints, those of the older systems, docs, and the queue page where it is on."""
    guest = _guest(settings)
    uploads = Uploads(use.documents, most_megabytes=settings.max_document_mb)
    links = LinkDoor(tokens, status_response, turnstile=use.turnstile, seconds=DOWNLOAD_SECONDS)
    files = Door(tokens, status_response, turnstile=use.turnstile, seconds=UPLOAD_SECONDS)
    openai = Door(tokens, error_response_of_openai, turnstile=use.turnstile)
    older = Door(tokens, error_response, guest, turnstile=use.turnstile, seconds=UPLOAD_SECONDS)
    routes = [
        *Originals(use.documents).routes(links),
        *uploads.routes(files),
        *TranscriptUploads(use.documents).routes(files),
        *openai_routes(
            openai,
            use.chat,
            use.models,
            use.models,
            use.models,
            use.records,
        ),
        *legacy_routes(older, _legacy(settings, use, uploads)),
        *docs_routes(settings.pages, FRAGMENTS),
        *Sessions(tokens, settings.guest).routes(),
    ]
    if settings.queue_page:
        routes += QueuePage(use.jobs).routes(PageDoor(tokens, guest))
        log.info("queue_page_serving", path="/admin/queues")
    return routes


def _legacy(settings: GatewaySettings, use: UseCases, uploads: Uploads) -> Legacy:
    parts, alive = RedisParts(use.examiner), settings.job_lease_seconds
    return Legacy(
        Trainer(use.chat, use.library, use.stats, parts),
        Operating(use.stats, use.jobs.lines, use.jobs.workers, parts, alive_within=alive),
        Tasks(use.jobs.reader),
        Courses(use.library),
        SessionReports(use.reports, use.jobs.reader),
        PdfUploads(uploads),
    )


def _guest(settings: GatewaySettings) -> Caller | None:
    if not settings.legacy_guest:
        return None
    return Caller("default", settings.legacy_guest, frozenset({Role.TEACHER, Role.ADMIN}))
