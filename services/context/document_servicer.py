import re
from collections.abc import AsyncIterator, Iterator
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
from services.context.model import Document, DocumentPosition, PageRemarks, ranges
from services.context.service.documents import Documents, Upload

DOCUMENT = "courses/{course}/documents/{document}"
PAGE = f"{DOCUMENT}/pages/{{page}}"
PAGE_NUMBER = re.compile("[1-9][0-9]{0,8}")


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

    async def GetDocumentPage(
        self, request: documents_pb2.GetDocumentPageRequest, _: Any
    ) -> documents_pb2.DocumentPage:
        name = names.parse(PAGE, request.name)
        number = int(name["page"]) if PAGE_NUMBER.fullmatch(name["page"]) else 0
        document = await self._documents.get(current_caller(), name["course"], name["document"])
        page = await self._documents.page_text(current_caller(), name["course"], name["document"], number)
        return documents_pb2.DocumentPage(
            name=f"{convert.document_name(name['course'], document.id)}/pages/{page.number}",
            page=page.number,
            title=document.title,
            text=page.text,
            state=documents_pb2.DocumentPage.State.Value(page.state.name),
            page_count=document.page_count,
        )

    async def ReadOriginal(
        self, request: documents_pb2.ReadOriginalRequest, _: Any
    ) -> AsyncIterator[documents_pb2.ReadOriginalResponse]:
        name = names.parse(DOCUMENT, request.name)
        original = await self._documents.original(current_caller(), name["course"], name["document"])
        yield documents_pb2.ReadOriginalResponse(document=_message(name["course"], original.document))
        async for chunk in original.chunks:
            yield documents_pb2.ReadOriginalResponse(chunk=chunk)

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
        content_type=document.kind.content_type,
        empty_pages=document.remarks.empty,
        garbled_pages=document.remarks.garbled,
        recognised_pages=document.remarks.recognised,
        warnings=_warnings(document.remarks),
    )


def _warnings(remarks: PageRemarks) -> Iterator[str]:
    """Of the pages that answers do not know, or know by a model."""
    for pages, what in (
        (remarks.empty, "no text was found on"),
        (remarks.garbled, "fonts do not say which letters they show on"),
        (remarks.recognised, "a model read the text off the pictures of"),
    ):
        if pages:
            yield f"{what} page{'s' if len(pages) > 1 else ''} {ranges(pages)}"
