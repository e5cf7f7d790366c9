"""Pages without text, read off their pictures by a model that sees, in steps that are paid for once."""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from lectern.context.v1 import courses_pb2, courses_pb2_grpc, documents_pb2, documents_pb2_grpc

from kit.jobs.model import State
from services.context.service.recognising import NOTHING
from tests.pdfs import a_scan, a_stamped_scan
from tests.system import TEACHER, make_course, whole_system
from tests.working import Works, works

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]
READ_OFF = "The vornado moves the air in a long and narrow beam."
PROSE = "A wave carries energy from place to place, but no matter."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(redis_url: str, mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Works]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with (
        whole_system(redis_url, mongodb_uri, jobs_database=jobs) as system,
        works(system, tmp_path_factory.mktemp("worker") / "log") as made,
    ):
        with made.worker("services.context.worker", recognition_pages=5):
            yield made


async def read(desk: Works, content: bytes) -> tuple[documents_pb2.Document, list[str], str]:
    """The document once its job has ended, the names of the job's steps, and its course."""
    teacher, course = desk.system.metadata(TEACHER), await make_course(desk.system, [])
    header = documents_pb2.UploadDocumentRequest.Header(parent=course, file_name="scan.pdf")
    pieces = [documents_pb2.UploadDocumentRequest(header=header), documents_pb2.UploadDocumentRequest(chunk=content)]
    async with desk.system.channel("context") as context:
        documents = documents_pb2_grpc.DocumentServiceStub(context)
        uploaded = await documents.UploadDocument(iter(pieces), metadata=teacher)
        done = await desk.ended(uploaded.job.name)
        request = documents_pb2.GetDocumentRequest(name=uploaded.document.name)
        found = await documents.GetDocument(request, metadata=teacher)
    assert (done.state is State.SUCCEEDED) == (found.state == documents_pb2.Document.READY)
    return found, [step.name for step in done.steps], course


async def test_pages_of_a_scan_say_what_a_model_reads_off_them(desk: Works) -> None:
    await desk.system.provider.script(text=READ_OFF)
    document, steps, course = await read(desk, a_stamped_scan(6, "Licensed to a library", with_text=[PROSE]))
    # Of six pages five are looked at, four by the first step.
    assert sorted(steps) == ["complete", "embed", "read", "recognise 1-4", "recognise 5"]
    assert (list(document.recognised_pages), list(document.empty_pages)) == ([1, 2, 3, 4, 5], [6])
    assert document.page_count == 7
    assert document.warnings[-1] == "a model read the text off the pictures of pages 1-5"
    async with desk.system.channel("context") as context:
        search = courses_pb2.SearchPassagesRequest(parent=course, query="vornado beam")
        stub = courses_pb2_grpc.CourseServiceStub(context)
        found = await stub.SearchPassages(search, metadata=desk.system.metadata(TEACHER))
    assert found.passages[0].text == READ_OFF
    assert found.passages[0].page in range(1, 6)


async def test_a_scan_of_no_words_is_refused_as_before(desk: Works) -> None:
    await desk.system.provider.script(text=NOTHING)
    document, _, _ = await read(desk, a_scan())
    assert document.state == documents_pb2.Document.FAILED
    assert "scanned" in document.failure
