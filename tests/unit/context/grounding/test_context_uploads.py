"""The bytes of an upload, where keeping the document goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from kit.errors import DeadlineExceeded, LecternError, NotFound
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.health import MemoryChanges
from kit.jobs.memory.room import MemoryRoom
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.policies import POLICIES
from kit.jobs.submitting import Jobs
from services.context.adapters.memory_documents import MemoryBlobs, MemoryDocuments
from services.context.model import CourseKey, Document
from services.context.service.documents import Documents, Upload
from tests.unit.context.grounding.conftest import KEY, TEACHER, Rig


class Broken(MemoryDocuments):
    """Fails after the document was kept, as when the reply to a commit is lost, or instead of keeping it."""

    error: LecternError
    keeps: bool

    async def add_all(
        self, new: Sequence[tuple[CourseKey, Document]], along: Callable[[object, Sequence[int]], Awaitable[None]]
    ) -> Sequence[Document | LecternError | None]:
        if self.keeps:
            await super().add_all(new, along)
        raise self.error


async def pdf(text: bytes = b"x") -> AsyncIterator[bytes]:
    yield b"%PDF-1.7 " + text * 100


async def bytes_after(rig: Rig, error: LecternError, *, keeps: bool) -> bytes:
    """What is left of the upload's bytes after the error."""
    store, blobs = Broken(rig.shelves), MemoryBlobs()
    store.error, store.keeps = error, keeps
    jobs = Jobs(MemoryJobs(MemoryDatabase()), MemoryRoom(), MemoryChanges(), POLICIES)
    documents = Documents(rig.courses, store, blobs, rig.shelf, jobs, most_megabytes=1)
    with pytest.raises(type(error)):
        await documents.upload(TEACHER, Upload("waves", "waves.pdf", "", pdf()))
    kept = rig.shelves.documents_of(KEY)
    assert bool(kept) == keeps
    names = [document.blob for document in kept] or list(blobs._blobs)
    return b"".join([chunk async for chunk in blobs.read(names[0])]) if names else b""


async def test_a_document_whose_commit_was_not_heard_of_keeps_its_bytes(rig: Rig) -> None:
    assert await bytes_after(rig, DeadlineExceeded("late"), keeps=True)


async def test_the_bytes_of_a_document_that_was_refused_go(rig: Rig) -> None:
    assert not await bytes_after(rig, NotFound("gone"), keeps=False)


async def test_uploads_of_one_moment_have_each_their_document_and_their_job(rig: Rig) -> None:
    database, store, blobs = MemoryDatabase(), MemoryDocuments(rig.shelves), MemoryBlobs()
    jobs = Jobs(MemoryJobs(database), MemoryRoom(), MemoryChanges(), POLICIES)
    documents = Documents(rig.courses, store, blobs, rig.shelf, jobs, most_megabytes=1)
    texts = (b"a", b"b", b"a")
    files = [Upload("waves", "waves.pdf", "", pdf(text)) for text in texts]
    first, other, again = await asyncio.gather(*(documents.upload(TEACHER, file) for file in files))
    assert again == first, "the same bytes are the same document, read once"
    assert {each.id for each in rig.shelves.documents_of(KEY)} == {first.document.id, other.document.id}
    assert set(blobs._blobs) == {first.document.blob, other.document.blob}
    for kept in (first, other):
        job = database.jobs[kept.job.id]
        assert (job.payload["document"], job.key) == (kept.document.id, kept.document.blob)
    assert len(database.jobs) == 2
