"""Multipart forms with files: read within bounds, onto the disk where they are large."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from kit.document_kinds import HEAD_BYTES, TAIL_BYTES, kind_of
from kit.errors import InvalidArgument, Reason
from services.gateway.uploads.ports import File

MOST_FILES = 20
MOST_FIELDS = 10
MEGABYTE = 1024 * 1024
# Of the fields beside the files, and of what stands between the parts.
FIELDS_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024
FILE_FIELDS = ("files", "file")


@dataclass(frozen=True, slots=True)
class Form:
    """The files of a form, and its fields by either spelling."""

    data: FormData
    uploads: Sequence[UploadFile]

    def text(self, *names: str) -> str:
        """The first of these fields that has a text."""
        found = (self.data.get(name) for name in names)
        text = next((value.strip() for value in found if isinstance(value, str) and value.strip()), "")
        return text.encode(errors="replace").decode()  # of a charset that knows half characters

    def files(self, title: str = "") -> Iterator[File]:
        for upload in self.uploads:
            yield File(upload.filename or "", _chunks(upload), title)


@asynccontextmanager
async def read_form(request: Request, most_megabytes: int) -> AsyncIterator[Form]:
    """A form with one document or more, each of so many MB; raises InvalidArgument that names what is wrong."""
    async with read_any_form(request, most_megabytes) as form:
        for upload in form.uploads:
            await _check_kind(upload)
        yield form


@asynccontextmanager
async def read_any_form(request: Request, most_megabytes: int, *, most_files: int = MOST_FILES) -> AsyncIterator[Form]:
    """A form with one file or more, each of so many MB; raises InvalidArgument that names what is wrong."""
    form = await _parsed(request, most_files * most_megabytes * MEGABYTE + FIELDS_BYTES, most_files)
    try:
        uploads = [each for name in FILE_FIELDS for each in form.getlist(name) if isinstance(each, UploadFile)]
        if not uploads:
            raise InvalidArgument("the form must have at least one file, in the field `files`", field="files")
        for upload in uploads:
            _check_size(upload, most_megabytes)
        yield Form(form, uploads)
    finally:
        await form.close()


async def _parsed(request: Request, limit: int, most_files: int) -> FormData:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidArgument("the body must be multipart/form-data")
    parser = _Parser(request.headers, _bounded(request, limit), max_files=most_files, max_fields=MOST_FIELDS)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidArgument(error.message[:1].lower() + error.message[1:]) from error
    if not parser.ended:
        await form.close()
        raise InvalidArgument("the form breaks off before its closing boundary")
    return form


class _Parser(MultiPartParser):
    """Knows whether the form was closed: of one that was not, the last part is missing."""

    ended = False

    def on_end(self) -> None:
        self.ended = True


async def _bounded(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > limit:
            raise InvalidArgument(f"the body must have at most {limit // MEGABYTE:,} MB", Reason.TOO_LARGE)
        yield chunk


def _check_size(upload: UploadFile, most_megabytes: int) -> None:
    if (upload.size or 0) > most_megabytes * MEGABYTE:
        name = upload.filename or "a file without a name"
        raise InvalidArgument(f"{name} has more than {most_megabytes} MB", Reason.TOO_LARGE, field="files")


async def _check_kind(upload: UploadFile) -> None:
    """Before anything is kept, so that of several files all are taken or none."""
    name = upload.filename or "a file without a name"
    head = await upload.read(HEAD_BYTES)
    await upload.seek(max(0, (upload.size or 0) - TAIL_BYTES))
    kind_of(name, head, await upload.read(TAIL_BYTES), "files")
    await upload.seek(0)


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(CHUNK_BYTES):
        yield chunk
