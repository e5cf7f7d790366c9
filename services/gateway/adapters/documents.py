import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

from google.protobuf import json_format
from lectern.context.v1 import (
    courses_pb2,
    courses_pb2_grpc,
    documents_pb2,
    documents_pb2_grpc,
    outlines_pb2,
    outlines_pb2_grpc,
)

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import DeadlineExceeded, InvalidArgument
from services.gateway.uploads.ports import File, Original, Transcript, Uploaded

UPLOAD_SECONDS = 120.0
# A download takes as long as its client needs; only a piece that does not come ends it before.
DOWNLOAD_SECONDS = 3600.0
IDLE_SECONDS = 60.0

Pieces = AsyncGenerator[documents_pb2.ReadOriginalResponse, None]


class GrpcDocumentDesk:
    """The context service, over gRPC."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._courses = peer.stub(courses_pb2_grpc.CourseServiceStub)
        self._documents = peer.stub(documents_pb2_grpc.DocumentServiceStub)
        self._outlines = peer.stub(outlines_pb2_grpc.OutlineServiceStub)

    async def open_course(self, caller: Caller, title: str) -> str:
        request = courses_pb2.CreateCourseRequest(course=courses_pb2.Course(title=title))
        return (await self._peer.call(self._courses.CreateCourse, request, caller)).name

    async def close_course(self, caller: Caller, course: str) -> None:
        await self._peer.call(self._courses.DeleteCourse, courses_pb2.DeleteCourseRequest(name=course), caller)

    async def take(self, caller: Caller, course: str, file: File) -> Uploaded:
        taken = await self._peer.upload(
            self._documents.UploadDocument, _pieces(course, file), caller, timeout=UPLOAD_SECONDS
        )
        return Uploaded(json_format.MessageToDict(taken.document), json_format.MessageToDict(taken.job))

    async def original(self, caller: Caller, document: str) -> Original:
        request = documents_pb2.ReadOriginalRequest(name=document)
        pieces = self._peer.stream(self._documents.ReadOriginal, request, caller, timeout=DOWNLOAD_SECONDS)
        first = (await _next(pieces)).document
        return Original(first.file_name, first.content_type, first.size_bytes, _chunks(pieces), pieces.aclose)

    async def bring(self, caller: Caller, transcript: Transcript) -> Mapping[str, Any]:
        request = courses_pb2.ImportVideoRequest(
            parent=transcript.course,
            video_url=transcript.video_url,
            title=transcript.title,
            format=_format(transcript.format),
            transcript_bytes=transcript.content,
        )
        imported = await self._peer.call(self._courses.ImportVideo, request, caller, timeout=UPLOAD_SECONDS)
        return json_format.MessageToDict(imported)

    async def build(self, caller: Caller, course: str) -> Mapping[str, Any]:
        request = outlines_pb2.BuildCourseRequest(name=course)
        job = await self._peer.call(self._outlines.BuildCourse, request, caller)
        return json_format.MessageToDict(job)


async def _next(pieces: Pieces) -> documents_pb2.ReadOriginalResponse:
    """Raises StopAsyncIteration after the last, and DeadlineExceeded for one that does not come."""
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            return await anext(pieces)
    except TimeoutError as error:
        raise DeadlineExceeded("the document's bytes did not come in time") from error


async def _chunks(pieces: Pieces) -> AsyncIterator[bytes]:
    while True:
        try:
            piece = await _next(pieces)
        except StopAsyncIteration:
            return
        yield piece.chunk


def _format(name: str) -> courses_pb2.ImportVideoRequest.Format.ValueType:
    known = courses_pb2.ImportVideoRequest.Format
    if not name:
        return known.FORMAT_UNSPECIFIED
    if name.upper() not in known.keys():  # noqa: SIM118 - of an enum of protobuf, which is no mapping
        raise InvalidArgument(f"format must be one of {', '.join(known.keys())}", field="format")
    return known.Value(name.upper())


async def _pieces(course: str, file: File) -> AsyncIterator[documents_pb2.UploadDocumentRequest]:
    header = documents_pb2.UploadDocumentRequest.Header(parent=course, file_name=file.name, title=file.title)
    yield documents_pb2.UploadDocumentRequest(header=header)
    async for chunk in file.chunks:
        yield documents_pb2.UploadDocumentRequest(chunk=chunk)
