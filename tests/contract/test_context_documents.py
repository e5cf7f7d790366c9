"""What every store of documents and of bytes promises."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from kit import mongo
from kit.document_kinds import DocumentKind
from kit.errors import InvalidArgument, NotFound, Reason
from kit.settings import CommonSettings
from services.context.adapters import mongo_upkeep
from services.context.adapters.gridfs_blobs import GridFSBlobs
from services.context.adapters.memory_documents import MemoryBlobs, MemoryDocuments, MemorySources
from services.context.adapters.memory_stores import MemoryCourses, MemoryVectors, Shelves
from services.context.adapters.mongo_courses import MongoCourses
from services.context.adapters.mongo_documents import MongoDocuments
from services.context.adapters.mongo_sources import MongoSources
from services.context.adapters.mongo_vectors import MongoVectors
from services.context.model import (
    Course,
    CourseKey,
    Document,
    DocumentPosition,
    DocumentState,
    Page,
    PageRemarks,
    PageState,
    Passage,
    Reading,
    Vector,
)
from services.context.ports import Blobs, CourseStore, DocumentStore, SourceStore, VectorStore

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@dataclass(frozen=True)
class Stores:
    courses: CourseStore
    documents: DocumentStore
    sources: SourceStore
    vectors: VectorStore
    blobs: Blobs
    key: CourseKey


@pytest.fixture(params=["memory", "mongodb"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    key = CourseKey(f"tenant/{uuid4().hex}", "waves")
    course = Course(key=key, title="Waves", created=NOW, updated=NOW, epoch=7)
    if request.param == "memory":
        shelves = Shelves()
        made = Stores(
            MemoryCourses(shelves),
            MemoryDocuments(shelves),
            MemorySources(shelves),
            MemoryVectors(shelves),
            MemoryBlobs(),
            key,
        )
        await made.courses.create(course)
        yield made
        return
    async with mongo.connect(CommonSettings(mongodb_uri=request.getfixturevalue("mongodb_uri"))) as client:
        await mongo_upkeep.ensure_indexes(client)
        stores = (MongoCourses(client), MongoDocuments(client), MongoSources(client), MongoVectors(client))
        made = Stores(*stores, GridFSBlobs(client), key)
        await made.courses.create(course)
        yield made


def a_document(name: str = "d1", created: datetime = NOW) -> Document:
    return Document(name, "Waves", "waves.pdf", uuid4().hex, 1234, "tess", created, created)


def a_reading(*texts: str) -> Reading:
    pages = tuple(Page(n, text) for n, text in enumerate(texts, 1))
    passages = tuple(Passage(f"p{page.number}", page.text, page=page.number) for page in pages)
    return Reading(f"{uuid4().hex[:8]}", "english", pages, passages)


async def nothing(_: object) -> None:
    pass


async def test_a_document_is_kept_once_and_with_what_goes_along(stores: Stores) -> None:
    document, along = a_document(), list[object]()

    async def note(session: object) -> None:
        along.append(session)

    assert await stores.documents.add(stores.key, document, note) is None
    assert await stores.documents.add(stores.key, a_document(), note) == document
    assert await stores.documents.find(stores.key, "d1") == document
    assert await stores.documents.find(replace(stores.key, tenant="other"), "d1") is None
    head = await stores.sources.head(stores.key)
    assert head is not None
    assert (head.course.revision, head.documents) == (1, ())  # nothing to lean on yet


async def test_documents_that_arrive_together_are_kept_each_for_itself(stores: Stores) -> None:
    before, fresh, twin = a_document("old"), a_document("new"), a_document("new")
    await stores.documents.add(stores.key, before, nothing)
    kept = list[int]()

    async def note(_: object, added: Sequence[int]) -> None:
        kept[:] = added

    strange = replace(stores.key, course="gone")
    new = [(stores.key, a_document("old")), (strange, a_document()), (stores.key, fresh), (stores.key, twin)]
    known, refused, added, again = await stores.documents.add_all(new, note)
    assert (known, added, again) == (before, None, fresh)
    assert isinstance(refused, NotFound)
    assert kept == [2]
    assert await stores.documents.find(stores.key, "new") == fresh


async def test_the_same_document_from_many_sides_is_kept_once(stores: Stores) -> None:
    documents = [a_document("same") for _ in range(8)]
    results = await asyncio.gather(*(stores.documents.add(stores.key, each, nothing) for each in documents))
    assert results.count(None) == 1
    kept = documents[results.index(None)]
    assert all(result == kept for result in results if result is not None)


async def test_what_fails_for_documents_that_arrive_together_keeps_none(stores: Stores) -> None:
    async def fail(_: object, __: Sequence[int]) -> None:
        raise InvalidArgument("no")

    with pytest.raises(InvalidArgument):
        await stores.documents.add_all([(stores.key, a_document(name)) for name in ("a", "b")], fail)
    assert await stores.documents.page(stores.key, None, 9) == []


@pytest.mark.parametrize("sizes", [(10, 0, 300_000), (1024 * 1024, 1024 * 1024 + 1), (2_500_000, 5)])
async def test_bytes_that_arrive_together_are_kept_apart(stores: Stores, sizes: Sequence[int]) -> None:
    contents = {uuid4().hex: bytes([97 + number]) * size for number, size in enumerate(sizes)}

    async def pieces(content: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(content), 262_144):
            yield content[start : start + 262_144]

    await asyncio.gather(*(stores.blobs.write(name, pieces(content)) for name, content in contents.items()))
    for name, content in contents.items():
        assert b"".join([piece async for piece in stores.blobs.read(name)]) == content
        await stores.blobs.delete(name)
        with pytest.raises(NotFound):
            await anext(aiter(stores.blobs.read(name)))


async def test_what_fails_along_the_way_keeps_nothing(stores: Stores) -> None:
    async def fail(_: object) -> None:
        raise InvalidArgument("no")

    with pytest.raises(InvalidArgument):
        await stores.documents.add(stores.key, a_document(), fail)
    assert await stores.documents.find(stores.key, "d1") is None


async def test_a_course_that_was_deleted_meanwhile_takes_no_document(stores: Stores) -> None:
    await stores.courses.delete(stores.key)
    with pytest.raises(NotFound) as refused:
        await stores.documents.add(stores.key, a_document(), nothing)
    assert refused.value.reason is Reason.COURSE_NOT_FOUND
    assert await stores.documents.find(stores.key, "d1") is None


async def test_a_document_that_was_read_is_a_source(stores: Stores) -> None:
    document, reading = a_document(), a_reading("Waves carry energy.", "Sound is a wave.")
    await stores.documents.add(stores.key, document, nothing)

    read = await stores.documents.finish(stores.key, document, reading, LATER)

    assert read is not None
    assert (read.state, read.page_count, read.passage_count) == (DocumentState.READY, 2, 2)
    assert (read.created, read.updated, read.language) == (NOW, LATER, "english")
    head = await stores.sources.head(stores.key)
    assert head is not None
    assert (head.course.revision, head.sources) == (2, (read,))
    contexts = await stores.sources.contexts(stores.key, [read])
    assert contexts is not None
    assert (contexts[0].source, contexts[0].passages, contexts[0].vectors) == (read, reading.passages, (None, None))


async def test_pages_are_kept_with_what_became_of_them(stores: Stores) -> None:
    document = replace(a_document(), kind=DocumentKind.PPTX)
    states = (PageState.TEXT, PageState.EMPTY, PageState.GARBLED, PageState.RECOGNISED)
    pages = tuple(Page(number, f"page {number}", state) for number, state in enumerate(states, 1))
    await stores.documents.add(stores.key, document, nothing)

    read = await stores.documents.finish(stores.key, document, replace(a_reading(), pages=pages), NOW)

    assert read is not None
    assert (read.kind, read.page_count) == (DocumentKind.PPTX, 4)
    assert read.remarks == PageRemarks(empty=(2,), garbled=(3,), recognised=(4,))
    assert [await stores.documents.page_text(stores.key, read, number) for number in range(1, 5)] == list(pages)
    assert await stores.documents.page_text(stores.key, read, 5) is None
    assert await stores.documents.page_text(stores.key, read, 0) is None
    assert await stores.documents.page_text(replace(stores.key, tenant="other"), read, 1) is None
    again = await stores.documents.finish(stores.key, document, a_reading("Anew."), LATER)
    assert again is not None
    assert await stores.documents.page_text(stores.key, again, 1) == Page(1, "Anew.")
    assert await stores.documents.page_text(stores.key, read, 1) is None
    await stores.documents.delete(stores.key, "d1", LATER)
    assert await stores.documents.page_text(stores.key, again, 1) is None


async def test_pages_of_an_earlier_version_are_what_their_passages_say(mongodb_uri: str) -> None:
    key = CourseKey(f"tenant/{uuid4().hex}", "waves")
    async with mongo.connect(CommonSettings(mongodb_uri=mongodb_uri)) as client:
        documents = MongoDocuments(client)
        await MongoCourses(client).create(Course(key=key, title="Waves", created=NOW, updated=NOW, epoch=7))
        document = a_document()
        await documents.add(key, document, nothing)
        read = await documents.finish(key, document, a_reading("One.", "Two."), NOW)
        assert read is not None
        database = client["context"]
        await database["pages"].delete_many({"edition": read.edition})
        fields = ("kind", "emptyPages", "garbledPages", "recognisedPages")
        await database["documents"].update_one({"edition": read.edition}, {"$unset": dict.fromkeys(fields, "")})

        before = await documents.find(key, "d1")

        assert before == read
        assert await documents.page_text(key, before, 2) == Page(2, "Two.")
        assert await documents.page_text(key, before, 3) is None


async def test_passages_of_documents_get_vectors_as_well(stores: Stores) -> None:
    document = a_document()
    await stores.documents.add(stores.key, document, nothing)
    read = await stores.documents.finish(stores.key, document, a_reading("Waves carry energy."), NOW)
    assert read is not None
    (lacking,) = await stores.vectors.unembedded(stores.key, "m1", 10)
    await stores.vectors.keep(stores.key, {(lacking.edition, lacking.position): Vector("m1", b"12345678")})
    assert not await stores.vectors.unembedded(stores.key, "m1", 10)
    contexts = await stores.sources.contexts(stores.key, [read])
    assert contexts is not None
    assert contexts[0].complete


async def test_reading_again_replaces_what_was_read(stores: Stores) -> None:
    document = a_document()
    await stores.documents.add(stores.key, document, nothing)
    first = await stores.documents.finish(stores.key, document, a_reading("One."), NOW)
    second = await stores.documents.finish(stores.key, document, a_reading("Two.", "Three."), LATER)
    assert first is not None
    assert second is not None
    assert await stores.sources.contexts(stores.key, [first]) is None
    contexts = await stores.sources.contexts(stores.key, [second])
    assert contexts is not None
    assert [passage.text for passage in contexts[0].passages] == ["Two.", "Three."]


async def test_one_that_cannot_be_read_says_why_unless_it_was_read(stores: Stores) -> None:
    document = a_document()
    await stores.documents.add(stores.key, document, nothing)
    await stores.documents.fail(stores.key, document, "the document is damaged", LATER)
    failed = await stores.documents.find(stores.key, "d1")
    assert failed == replace(document, state=DocumentState.FAILED, failure="the document is damaged", updated=LATER)

    read = await stores.documents.finish(stores.key, document, a_reading("One."), LATER)
    await stores.documents.fail(stores.key, document, "too late", LATER)
    assert await stores.documents.find(stores.key, "d1") == read
    assert read is not None
    assert (read.state, read.failure) == (DocumentState.READY, "")


async def test_nothing_is_read_for_a_document_or_course_that_is_gone(stores: Stores) -> None:
    document = a_document()
    assert await stores.documents.finish(stores.key, document, a_reading("One."), NOW) is None
    await stores.documents.add(stores.key, document, nothing)
    assert await stores.documents.finish(stores.key, a_document(), a_reading("One."), NOW) is None  # another upload
    await stores.courses.delete(stores.key)
    assert await stores.documents.finish(stores.key, document, a_reading("One."), NOW) is None
    assert await stores.documents.find(stores.key, "d1") is None


async def test_a_deleted_document_is_gone_with_its_passages(stores: Stores) -> None:
    document = a_document()
    await stores.documents.add(stores.key, document, nothing)
    read = await stores.documents.finish(stores.key, document, a_reading("One."), NOW)
    assert read is not None
    assert await stores.documents.delete(stores.key, "d1", LATER) == read
    assert await stores.documents.delete(stores.key, "d1", LATER) is None
    head = await stores.sources.head(stores.key)
    assert head is not None
    assert (head.course.revision, head.documents) == (3, ())
    assert await stores.sources.contexts(stores.key, [read]) is None


async def test_documents_are_listed_in_the_order_of_their_upload(stores: Stores) -> None:
    for number in range(5):
        document = a_document(f"d{number}", NOW + timedelta(seconds=number // 2))
        await stores.documents.add(stores.key, document, nothing)
    listed, after = list[str](), None
    while page := await stores.documents.page(stores.key, after, 2):
        listed += [document.id for document in page]
        after = DocumentPosition(page[-1].created, page[-1].id)
    assert listed == [f"d{number}" for number in range(5)]


async def pieces(*chunks: bytes, breaks: bool = False) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if breaks:
        raise InvalidArgument("no")


async def read(blobs: Blobs, name: str) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(name)])


async def test_bytes_are_read_back_as_they_were_written(stores: Stores) -> None:
    name, content = uuid4().hex, [bytes([n]) * 700_000 for n in range(4)]
    await stores.blobs.write(name, pieces(*content))
    assert await read(stores.blobs, name) == b"".join(content)
    await stores.blobs.delete(name)
    await stores.blobs.delete(name)
    with pytest.raises(NotFound):
        await read(stores.blobs, name)


async def test_an_upload_that_breaks_leaves_no_bytes(stores: Stores) -> None:
    name = uuid4().hex
    with pytest.raises(InvalidArgument):
        await stores.blobs.write(name, pieces(b"x" * 2_000_000, breaks=True))
    with pytest.raises(NotFound):
        await read(stores.blobs, name)
