"""Documents over gRPC: uploaded in pieces, read by a real worker, found and cited by their pages."""

import uuid
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
import pytest_asyncio
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc, documents_pb2, documents_pb2_grpc

from kit.auth.caller import Caller
from kit.jobs.model import State, Submission
from tests.office import a_pptx
from tests.pdfs import a_pdf, a_scan, a_stamped_scan
from tests.system import STUDENT, TEACHER, make_course, whole_system
from tests.working import Works, works

ELSEWHERE = Caller("another", "ben")
PAGES = [f"Chapter {n}. Resonance of kind {n} needs a driver, a restoring force and little damping." for n in range(5)]
PAGES[3] += " The glass harmonica sings because wet fingers stick and slip on its rim."

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(redis_url: str, mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Works]:
    """A whole system with one worker."""
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with (
        whole_system(redis_url, mongodb_uri, jobs_database=jobs, max_document_mb=1) as system,
        works(system, tmp_path_factory.mktemp("worker") / "log") as made,
    ):
        with made.worker("services.context.worker"):
            yield made


def pieces(
    course: str, content: bytes, file_name: str = "resonance.pdf"
) -> Iterator[documents_pb2.UploadDocumentRequest]:
    header = documents_pb2.UploadDocumentRequest.Header(parent=course, file_name=file_name)
    yield documents_pb2.UploadDocumentRequest(header=header)
    for start in range(0, len(content), 100_000):
        yield documents_pb2.UploadDocumentRequest(chunk=content[start : start + 100_000])


async def test_a_document_is_read_found_and_cited_by_its_page(desk: Works) -> None:
    system, teacher = desk.system, desk.system.metadata(TEACHER)
    course = await make_course(system, [])
    async with system.channel("context") as context, system.channel("gateway") as gateway:
        documents = documents_pb2_grpc.DocumentServiceStub(context)
        content = a_pdf(PAGES)
        uploaded = await documents.UploadDocument(pieces(course, content), metadata=teacher)
        again = await documents.UploadDocument(pieces(course, content), metadata=teacher)
        assert (again.document.name, again.job.name) == (uploaded.document.name, uploaded.job.name)
        assert (uploaded.document.title, uploaded.document.state) == ("resonance", documents_pb2.Document.WAITING)

        done = await desk.ended(uploaded.job.name)
        assert (done.state, [step.name for step in done.steps]) == (State.SUCCEEDED, ["read", "embed"])
        assert done.result == {
            "document": uploaded.document.name,
            "pages": 5,
            "passages": done.result and done.result["passages"],
            "embedded": True,
        }
        (read,) = (
            await documents.ListDocuments(documents_pb2.ListDocumentsRequest(parent=course), metadata=teacher)
        ).documents
        assert (read.state, read.page_count) == (documents_pb2.Document.READY, 5)
        assert read.passage_count > 0

        search = courses_pb2.SearchPassagesRequest(parent=course, query="glass harmonica")
        found = await courses_pb2_grpc.CourseServiceStub(context).SearchPassages(search, metadata=teacher)
        assert (found.passages[0].document, found.passages[0].video_url) == (read.name, "")
        await system.provider.script(text='It sings because "wet fingers stick and slip on its rim" [1].')
        ask = chat_pb2.CreateTurnRequest(course=course, message="Why does a glass harmonica sing?")
        turn = await chat_pb2_grpc.ChatServiceStub(gateway).CreateTurn(ask, metadata=system.metadata(STUDENT))
        (citation,) = turn.citations
        assert (citation.document, citation.page, citation.verified) == (read.name, found.passages[0].page, True)
        assert not citation.HasField("start_offset")

        await documents.DeleteDocument(documents_pb2.DeleteDocumentRequest(name=read.name), metadata=teacher)
        gone = await courses_pb2_grpc.CourseServiceStub(context).SearchPassages(search, metadata=teacher)
        assert not gone.passages


async def test_what_is_no_readable_pdf_is_refused_with_a_reason(desk: Works) -> None:
    system, teacher = desk.system, desk.system.metadata(TEACHER)
    course = await make_course(system, [])
    async with system.channel("context") as context:
        documents = documents_pb2_grpc.DocumentServiceStub(context)
        for content, message in (
            (b"", "resonance.pdf is not a PDF"),
            (b"MZ" + b"x" * 5000, "resonance.pdf is not a PDF"),
            (b"%PDF-1.7" + b"x" * 1_100_000, "a document must have at most 1 MB"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await documents.UploadDocument(pieces(course, content), metadata=teacher)
            assert (refused.value.code(), refused.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, message)
        bare = documents_pb2.UploadDocumentRequest(chunk=b"%PDF-")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await documents.UploadDocument(iter([bare]), metadata=teacher)
        assert refused.value.details() == "the first message must be the header"

        scan = await documents.UploadDocument(pieces(course, a_scan()), metadata=teacher)
        done = await desk.ended(scan.job.name)
        assert (done.state, done.attempt) == (State.FAILED, 1)  # trying again changes nothing
        assert done.failure is not None
        assert done.failure.reason == "DOCUMENT_UNREADABLE"
        request = documents_pb2.GetDocumentRequest(name=scan.document.name)
        failed = await documents.GetDocument(request, metadata=teacher)
        assert (failed.state, failed.failure) == (documents_pb2.Document.FAILED, done.failure.message)
        assert "scanned" in failed.failure


async def test_slides_are_pages_whose_text_and_original_are_read(desk: Works) -> None:
    system, teacher = desk.system, desk.system.metadata(TEACHER)
    course, content = await make_course(system, []), a_pptx([("Waves", "carry energy"), ("Vornado", "a fan")])
    async with system.channel("context") as context:
        documents = documents_pb2_grpc.DocumentServiceStub(context)
        uploaded = await documents.UploadDocument(pieces(course, content, "slides.pptx"), metadata=teacher)
        name = uploaded.document.name
        request = documents_pb2.GetDocumentPageRequest(name=f"{name}/pages/2")
        assert (await desk.ended(uploaded.job.name)).state is State.SUCCEEDED

        page = await documents.GetDocumentPage(request, metadata=system.metadata(STUDENT))
        assert (page.name, page.page, page.page_count) == (request.name, 2, 2)
        assert (page.title, page.text) == ("slides", "Vornado a fan")
        assert page.state == documents_pb2.DocumentPage.TEXT
        search = courses_pb2.SearchPassagesRequest(parent=course, query="vornado")
        found = await courses_pb2_grpc.CourseServiceStub(context).SearchPassages(search, metadata=teacher)
        assert (found.passages[0].page, found.passages[0].text) == (2, "Vornado a fan")
        for number in ("3", "0", "x", "2147483648"):
            wrong = documents_pb2.GetDocumentPageRequest(name=f"{name}/pages/{number}")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await documents.GetDocumentPage(wrong, metadata=teacher)
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND

        original = documents_pb2.ReadOriginalRequest(name=name)
        read = [piece async for piece in documents.ReadOriginal(original, metadata=system.metadata(STUDENT))]
        assert read[0].document.content_type.endswith("presentationml.presentation")
        assert b"".join(piece.chunk for piece in read[1:]) == content
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await documents.ReadOriginal(original, metadata=system.metadata(ELSEWHERE)).read()
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_pages_without_text_are_told_and_the_others_are_kept(desk: Works) -> None:
    system, teacher = desk.system, desk.system.metadata(TEACHER)
    course, content = await make_course(system, []), a_stamped_scan(2, "Licensed to a library", with_text=PAGES[:1])
    async with system.channel("context") as context:
        documents = documents_pb2_grpc.DocumentServiceStub(context)
        uploaded = await documents.UploadDocument(pieces(course, content), metadata=teacher)
        assert (await desk.ended(uploaded.job.name)).state is State.SUCCEEDED
        request = documents_pb2.GetDocumentRequest(name=uploaded.document.name)
        read = await documents.GetDocument(request, metadata=teacher)
        assert (read.state, read.passage_count) == (documents_pb2.Document.READY, 1)
        assert list(read.empty_pages) == [1, 2]
        assert read.warnings == ["no text was found on pages 1-2"]


async def test_a_worker_preloads_what_is_asked_about_most(desk: Works) -> None:
    course = await make_course(desk.system)
    job = await desk.jobs.submit(TEACHER, Submission("preload_course", {"course": course.removeprefix("courses/")}))
    one = await desk.ended(job.id)
    assert (one.state, one.result) == (State.SUCCEEDED, {"videos": 1})
    most = await desk.ended((await desk.jobs.submit(TEACHER, Submission("preload_course"))).id)
    assert most.state is State.SUCCEEDED
