"""Documents: uploaded in pieces, kept once, read by a job."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePath
from unicodedata import normalize
from uuid import uuid4

from kit.auth.caller import Caller
from kit.document_kinds import HEAD_BYTES, TAIL_BYTES, ZIP_MAGIC, DocumentKind, kind_of
from kit.errors import DeadlineExceeded, InvalidArgument, LecternError, NotFound, Reason, Unavailable
from kit.group_commit import GroupCommit
from kit.jobs.model import Job, Submission
from kit.jobs.submitting import Jobs
from services.context.model import CourseKey, Document, DocumentPosition, DocumentState, Page
from services.context.model.missing import document_not_found
from services.context.ports import Blobs, DocumentStore
from services.context.service.courses import Courses
from services.context.service.moments import moment_now
from services.context.service.shelf import Shelf

INGEST = "ingest_document"
LONGEST_TITLE = 300
LONGEST_FILE_NAME = 255
LONGEST_CHUNK = 1024 * 1024
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way."""

    course: str
    file_name: str
    title: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The document and the job that reads it: new ones, or those of the same bytes that were uploaded before."""

    document: Document
    job: Job


@dataclass(frozen=True, slots=True)
class Original:
    """A document and its bytes, in pieces."""

    document: Document
    chunks: AsyncIterator[bytes]


class Documents:
    """What teachers do with documents, and who may see them."""

    def __init__(
        self,
        courses: Courses,
        store: DocumentStore,
        blobs: Blobs,
        shelf: Shelf,
        jobs: Jobs,
        *,
        most_megabytes: int,
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        self._courses = courses
        self._store = store
        self._blobs = blobs
        self._shelf = shelf
        self._jobs = jobs
        self._most_bytes = most_megabytes * MEGABYTE
        self._now = now
        self._keeping: GroupCommit[_New, Document | None] = GroupCommit(self._keep)

    async def upload(self, caller: Caller, upload: Upload) -> Uploaded:
        """Keeps the bytes, then the document together with its job; raises InvalidArgument for what is not read."""
        _check(upload)
        course = await self._courses.get(caller, upload.course)
        blob, measured = uuid4().hex, _Measured(upload, self._most_bytes)
        await self._blobs.write(blob, measured.chunks())
        try:
            uploaded = await self._kept(caller, course.key, self._document(caller, upload, blob, measured))
        except LecternError as error:
            if not isinstance(error, Unavailable | DeadlineExceeded):
                await self._blobs.delete(blob)
            raise  # after those two it may have been kept none the less; the sweep takes the bytes of what was not
        if uploaded.document.blob != blob:
            await self._blobs.delete(blob)
        await self._jobs.release(uploaded.job)
        return uploaded

    async def get(self, caller: Caller, course: str, document: str) -> Document:
        key = (await self._courses.get(caller, course)).key
        found = await self._store.find(key, document)
        if found is None:
            raise document_not_found(key, document)
        return found

    async def original(self, caller: Caller, course: str, document: str) -> Original:
        """The document with its bytes as they were uploaded; raises NotFound as `get` does."""
        found = await self.get(caller, course, document)
        return Original(found, self._blobs.read(found.blob))

    async def page_text(self, caller: Caller, course: str, document: str, page: int) -> Page:
        """A page of a document that was read; raises NotFound where there is no such document or page."""
        key = (await self._courses.get(caller, course)).key
        found = await self._store.find(key, document)
        if found is None:
            raise document_not_found(key, document)
        text = await self._store.page_text(key, found, page) if found.state is DocumentState.READY else None
        if text is None:
            raise NotFound(f"{key.name}/documents/{document} has no page {page}")
        return text

    async def page(self, caller: Caller, course: str, after: DocumentPosition | None, limit: int) -> Sequence[Document]:
        found = await self._courses.get(caller, course)
        return await self._store.page(found.key, after, limit)

    async def delete(self, caller: Caller, course: str, document: str) -> None:
        key = (await self._courses.get(caller, course)).key
        deleted = await self._store.delete(key, document, self._now())
        self._shelf.forget(key)
        if deleted is None:
            raise document_not_found(key, document)
        await self._blobs.delete(deleted.blob)

    async def _kept(self, caller: Caller, key: CourseKey, document: Document) -> Uploaded:
        job = self._jobs.prepare(caller, _submission(key, document))
        before = await self._keeping.add(_New(key, document, job))
        if before is None:
            return Uploaded(document, job)
        return Uploaded(before, await self._jobs.accept(caller, _submission(key, before)))

    async def _keep(self, new: Sequence["_New"]) -> Sequence[Document | LecternError | None]:
        """Documents that arrive together, with their jobs, in one transaction."""

        async def accept(session: object, kept: Sequence[int]) -> None:
            await self._jobs.accept_all([new[index].job for index in kept], session)

        return await self._store.add_all([(each.key, each.document) for each in new], accept)

    def _document(self, caller: Caller, upload: Upload, blob: str, measured: "_Measured") -> Document:
        moment, file_name = self._now(), _base(upload.file_name)
        return Document(
            id=measured.digest.hexdigest()[:16],
            title=normalize("NFC", upload.title.strip() or PurePath(file_name).stem),
            file_name=file_name,
            blob=blob,
            size=measured.size,
            uploaded_by=caller.user,
            created=moment,
            updated=moment,
            kind=measured.kind,
        )


@dataclass(frozen=True, slots=True)
class _New:
    """A document to be kept with the job that reads it."""

    key: CourseKey
    document: Document
    job: Job


class _Measured:
    """Counts bytes as they pass, and sees in the end what they are."""

    def __init__(self, upload: Upload, most: int) -> None:
        self._upload = upload
        self._most = most
        self.size = 0
        self.digest = sha256()
        self.kind = DocumentKind.PDF

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises InvalidArgument after the last of them where they are of no kind that is read."""
        head = tail = b""
        async for chunk in self._upload.chunks:
            if len(chunk) > LONGEST_CHUNK:
                raise InvalidArgument("chunk must have at most 1 MiB", Reason.TOO_LARGE, field="chunk")
            self.size += len(chunk)
            if self.size > self._most:
                limit = self._most // MEGABYTE
                raise InvalidArgument(f"a document must have at most {limit} MB", Reason.TOO_LARGE, field="chunk")
            if len(head) < HEAD_BYTES:
                head = (head + chunk)[:HEAD_BYTES]
                self._check_early(head)
            tail = (tail + chunk)[-TAIL_BYTES:]
            self.digest.update(chunk)
            yield chunk
        self.kind = self._kind(head, tail)

    def _check_early(self, head: bytes) -> None:
        """A large file of no kind that is read need not be taken to its end; what a zip holds stands there."""
        if len(head) == HEAD_BYTES and not head.startswith(ZIP_MAGIC):
            self._kind(head, b"")

    def _kind(self, head: bytes, tail: bytes) -> DocumentKind:
        return kind_of(_base(self._upload.file_name), head, tail, "chunk")


def _submission(key: CourseKey, document: Document) -> Submission:
    return Submission(INGEST, {"course": key.course, "document": document.id}, key=document.blob)


def _check(upload: Upload) -> None:
    if len(upload.title) > LONGEST_TITLE:
        raise InvalidArgument(f"title must have at most {LONGEST_TITLE} letters", field="title")


def _base(file_name: str) -> str:
    """The name without folders, whichever system it comes from."""
    return PurePath(file_name.replace("\\", "/")).name[-LONGEST_FILE_NAME:] or "document"
