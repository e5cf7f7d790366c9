"""Puts the context service together."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import structlog
from lectern.context.v1 import (
    courses_pb2_grpc,
    documents_pb2_grpc,
    grounding_pb2_grpc,
    outlines_pb2_grpc,
    quizzes_pb2_grpc,
    user_data_pb2_grpc,
)

from kit import mongo
from kit.errors import LecternError
from kit.jobs.opening import connect_grounds, open_jobs
from kit.pagination import PageTokens
from kit.server import Mount
from kit.telemetry.metrics import ENTRIES
from services.context.adapters import mongo_upkeep
from services.context.document_servicer import DocumentServicer
from services.context.grounding_servicer import GroundingServicer
from services.context.opening import open_actors, open_knowing, open_outside
from services.context.outline_servicer import OutlineServicer
from services.context.quiz_servicer import QuizServicer
from services.context.service.courses import Courses
from services.context.service.documents import Documents
from services.context.service.finding import Finding
from services.context.service.preloading import Preloading
from services.context.service.teaching.outlines import Outlines
from services.context.service.teaching.quizzes import Quizzes
from services.context.service.videos import Videos
from services.context.servicer import CourseServicer
from services.context.settings import ContextSettings
from services.context.user_data_servicer import UserDataServicer

UPKEEP_SECONDS = 3600.0
UPKEEP_RETRY_SECONDS = 2.0
CANCEL_AGAIN_SECONDS = 0.5

log = structlog.get_logger()


async def build(settings: ContextSettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """The servicers of the process; what they opened is closed by the stack."""
    outside = open_outside(settings, stack)
    knowing = open_knowing(settings, outside, stack)
    stack.callback(ENTRIES.watch(lambda: {("context_process",): len(knowing.shelf)}))
    stack.push_async_callback(knowing.popularity.flush)
    grounds = connect_grounds(settings, stack, outside.client)
    jobs = open_jobs(settings, grounds, stack, open_actors(settings, outside, knowing))

    tokens = PageTokens(settings.internal_secret)
    courses = Courses(outside.courses, knowing.shelf, outside.cache, outside.indexes)
    videos = Videos(courses, outside.videos, knowing.shelf, imported=knowing.indexing.wake)
    documents = Documents(
        courses, outside.documents, outside.blobs, knowing.shelf, jobs, most_megabytes=settings.max_document_mb
    )
    finding = Finding(knowing.grounding, knowing.search)
    quizzes = Quizzes(courses, knowing.grounding, outside.quizzes, jobs)
    outlines = Outlines(courses, outside.documents, outside.outlines, jobs)
    preloading = Preloading(knowing.grounding, knowing.popularity)

    _in_background(stack, outside.feed.run())
    _in_background(stack, knowing.indexing.run())
    _in_background(stack, knowing.popularity.run(settings.context_popularity_seconds))
    _in_background(stack, _upkeep(outside.client))
    servicer = CourseServicer(courses, videos, finding, preloading, tokens)
    return [
        Mount(courses_pb2_grpc.add_CourseServiceServicer_to_server, servicer),
        Mount(documents_pb2_grpc.add_DocumentServiceServicer_to_server, DocumentServicer(documents, tokens)),
        Mount(quizzes_pb2_grpc.add_QuizServiceServicer_to_server, QuizServicer(quizzes, tokens)),
        Mount(outlines_pb2_grpc.add_OutlineServiceServicer_to_server, OutlineServicer(outlines)),
        Mount(user_data_pb2_grpc.add_UserDataServiceServicer_to_server, UserDataServicer(courses)),
        Mount(grounding_pb2_grpc.add_GroundingServiceServicer_to_server, GroundingServicer(knowing.grounding)),
    ]


def _in_background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        while not task.done():  # a driver may swallow a cancellation that meets its answer
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)

    stack.push_async_callback(end)


async def _upkeep(client: mongo.Client) -> None:
    """Indexes as soon as the database is there, and each hour a look for what was left behind."""
    while True:
        try:
            await mongo_upkeep.ensure_indexes(client)
            await mongo_upkeep.sweep(client)
        except LecternError as error:
            log.warning("upkeep_failed", reason=error.reason)
            await asyncio.sleep(UPKEEP_RETRY_SECONDS)
        else:
            await asyncio.sleep(UPKEEP_SECONDS)
