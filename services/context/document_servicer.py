from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from google.protobuf import empty_pb2
from lectern.context.v1 import documents_pb2, documents_pb2_grpc

from kit import names
from kit.call import current_caller
from kit.errors import InvalidArgument
from kit.jobs.messages import job_message
from kit.pagination import PageTokens, page_size
from services.context import convert
from services.context.model import Document, DocumentPosition
from services.context.service.documents import Documents, Upload

DOCUMENT = "courses/{course}/documents/{document}"


class DocumentServicer(documents_pb2_grpc.DocumentServiceServicer):
    """`lectern.context.v1.DocumentService`."""

    def __init__(self, documents: Documents, tokens: PageTokens) -> None:
        self._documents = documents
        self._tokens = tokens

    async def UploadDocument(
        self, requests: AsyncIterator[documents_pb2.UploadDocumentRequest], _: Any
    ) -> documents_pb2.UploadDocumentResponse:
        first = await anext(requests, None)
        if first is None or first.WhichOneof("piece") != "header":
            raise InvalidArgument("the first message must be the header", field="header")
        course = names.course_id(first.header.parent, "header.parent")
        upload = Upload(course, first.header.file_name, first.header.title, _chunks(requests))
        uploaded = await self._documents.upload(current_caller(), upload)
        return documents_pb2.UploadDocumentResponse(
            document=_message(course, uploaded.document), job=job_message(uploaded.job)
        )

    async def ListDocuments(
        self, request: documents_pb2.ListDocumentsRequest, _: Any
    ) -> documents_pb2.ListDocumentsResponse:
        caller, size = current_caller(), page_size(request.page_size)
        course = names.course_id(request.parent, "parent")
        scope = f"documents/{caller.tenant}/{course}"
        cursor = self._tokens.decode(request.page_token, scope)
        after = DocumentPosition(datetime.fromtimestamp(cursor[0] / 1000, UTC), cursor[1]) if cursor else None
        found = await self._documents.page(caller, course, after, size + 1)
        page = found[:size]
        token = self._tokens.encode(scope, _place(page[-1])) if len(found) > size else ""
        documents = [_message(course, document) for document in page]
        return documents_pb2.ListDocumentsResponse(documents=documents, next_page_token=token)

    async def GetDocument(self, request: documents_pb2.GetDocumentRequest, _: Any) -> documents_pb2.Document:
        name = names.parse(DOCUMENT, request.name)
        return _message(name["course"], await self._documents.get(current_caller(), name["course"], name["document"]))

    async def DeleteDocument(self, request: documents_pb2.DeleteDocumentRequest, _: Any) -> empty_pb2.Empty:
        name = names.parse(DOCUMENT, request.name)
        await self._documents.delete(current_caller(), name["course"], name["document"])
        return empty_pb2.Empty()


async def _chunks(requests: AsyncIterator[documents_pb2.UploadDocumentRequest]) -> AsyncIterator[bytes]:
    async for request in requests:
        if request.WhichOneof("piece") != "chunk":
            raise InvalidArgument("what follows the header must be chunks", field="chunk")
        yield request.chunk


def _place(document: Document) -> list[Any]:
    return [round(document.created.timestamp() * 1000), document.id]


def _message(course: str, document: Document) -> documents_pb2.Document:
    return documents_pb2.Document(
        name=convert.document_name(course, document.id),
        title=document.title,
        file_name=document.file_name,
        size_bytes=document.size,
        state=documents_pb2.Document.State.Value(document.state.name),
        failure=document.failure,
        page_count=document.page_count,
        passage_count=document.passage_count,
        create_time=convert.timestamp(document.created),
        update_time=convert.timestamp(document.updated),
    )
