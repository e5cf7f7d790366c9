"""PDFs as files of a form, by curl."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lectern.context.v1 import courses_pb2, courses_pb2_grpc, documents_pb2, documents_pb2_grpc

from kit.auth.caller import Caller
from tests.pdfs import a_pdf
from tests.system import STUDENT, TEACHER, System, make_course, whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with whole_system(redis_url, mongodb_uri, jobs_database=jobs, max_document_mb=1) as made:
        yield made


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with two PDFs, something else, and something too large."""
    (tmp_path / "one.pdf").write_bytes(a_pdf(["Waves carry energy from place to place."]))
    (tmp_path / "two.pdf").write_bytes(a_pdf(["Sound is a wave of pressure in the air."]))
    (tmp_path / "notes.txt").write_text("These are notes.")
    (tmp_path / "large.pdf").write_bytes(b"%PDF-1.7\n" + b"x" * 1_100_000)
    return tmp_path


async def curl(system: System, path: str, *options: str, caller: Caller | None = TEACHER) -> tuple[int, Any]:
    """The status and the JSON of a POST to the HTTP face."""
    token = ("--header", f"authorization: Bearer {system.token(caller)}") if caller else ()
    url = f"http://127.0.0.1:{system.ports['http']}{path}"
    command = ("curl", "--silent", "--max-time", "30", "--noproxy", "*", "--write-out", "\n%{http_code}")
    process = await asyncio.create_subprocess_exec(*command, *token, *options, url, stdout=asyncio.subprocess.PIPE)
    text, _, status = (await process.communicate())[0].decode().rpartition("\n")
    return int(status), json.loads(text)


def form(folder: Path, *names: str) -> tuple[str, ...]:
    return tuple(part for name in names for part in ("--form", f"files=@{folder / name}"))


async def test_files_become_documents_of_a_new_course(system: System, files: Path) -> None:
    options = (*form(files, "one.pdf", "two.pdf"), "--form", "courseTitle=Waves and sound")

    status, taken = await curl(system, "/v1/documents", *options)

    assert status == 200
    assert taken["course"].startswith("courses/waves-and-sound-")
    assert [document["fileName"] for document in taken["documents"]] == ["one.pdf", "two.pdf"]
    assert [job["kind"] for job in taken["jobs"]] == ["ingest_document", "ingest_document", "build_course"]
    async with system.channel("context") as channel:
        documents = documents_pb2_grpc.DocumentServiceStub(channel)
        request = documents_pb2.ListDocumentsRequest(parent=taken["course"])
        listed = await documents.ListDocuments(request, metadata=system.metadata(TEACHER))
    assert {document.name for document in listed.documents} == {each["name"] for each in taken["documents"]}


async def test_the_same_file_in_the_same_course_is_one_document(system: System, files: Path) -> None:
    path = f"/v1/{await make_course(system, [])}/documents"
    answers = [await curl(system, path, *form(files, "one.pdf"), "--form", "title=One") for _ in range(2)]
    first, second = (taken for _, taken in answers)
    assert first["documents"][0]["title"] == "One"
    assert first["documents"][0]["name"] == second["documents"][0]["name"]
    assert first["jobs"][0]["name"] == second["jobs"][0]["name"]


@pytest.mark.parametrize(
    ("options", "status", "reason", "told"),
    [
        (
            ("one.pdf", "notes.txt"),
            400,
            "DOCUMENT_UNREADABLE",
            "notes.txt is not a PDF, nor any other that is read: PDF, PPTX, DOCX, Markdown or HTML",
        ),
        (("large.pdf",), 413, "TOO_LARGE", "large.pdf has more than 1 MB"),
        ((), 400, "INVALID_ARGUMENT", "the form must have at least one file, in the field `files`"),
        (("one.pdf",) * 21, 400, "INVALID_ARGUMENT", "too many files. Maximum number of files is 20."),
    ],
)
async def test_a_form_that_will_not_do_is_refused_as_a_whole(
    system: System, files: Path, options: tuple[str, ...], status: int, reason: str, told: str
) -> None:
    course = await make_course(system, [])
    answer = await curl(system, f"/v1/{course}/documents", "--form", "title=x", *form(files, *options))
    assert answer[0] == status
    assert (answer[1]["message"], answer[1]["details"][0]["reason"]) == (told, reason)
    async with system.channel("context") as channel:
        documents = documents_pb2_grpc.DocumentServiceStub(channel)
        request = documents_pb2.ListDocumentsRequest(parent=course)
        assert not (await documents.ListDocuments(request, metadata=system.metadata(TEACHER))).documents


async def test_a_form_that_breaks_off_is_refused_as_a_whole(system: System, files: Path) -> None:
    course = await make_course(system, [])
    part = b'--cut\r\nContent-Disposition: form-data; name="files"; filename="one.pdf"\r\n\r\n'
    content = (files / "one.pdf").read_bytes()
    (files / "cut").write_bytes(part + content + b"\r\n" + part + content[:200])
    sent = ("--data-binary", f"@{files / 'cut'}", "--header", "content-type: multipart/form-data; boundary=cut")
    status, refused = await curl(system, f"/v1/{course}/documents", *sent)
    assert (status, refused["message"]) == (400, "the form breaks off before its closing boundary")


async def test_a_course_whose_files_are_refused_is_not_left_behind(system: System, files: Path) -> None:
    options = (*form(files, "one.pdf"), "--form", "courseTitle=Half", "--form", f"title={'x' * 301}")
    status, refused = await curl(system, "/v1/documents", *options)
    assert (status, refused["message"]) == (400, "title must have at most 300 letters")
    async with system.channel("context") as channel:
        courses = courses_pb2_grpc.CourseServiceStub(channel)
        request = courses_pb2.ListCoursesRequest(page_size=1000)
        listed = await courses.ListCourses(request, metadata=system.metadata(TEACHER))
    assert listed.courses
    assert "Half" not in {course.title for course in listed.courses}


async def test_only_teachers_upload_and_only_into_what_is_there(system: System, files: Path) -> None:
    options = (*form(files, "one.pdf"), "--form", "courseTitle=Waves")
    assert (await curl(system, "/v1/documents", *options, caller=None))[0] == 401
    assert (await curl(system, "/v1/documents", *options, caller=STUDENT))[0] == 403
    assert (await curl(system, "/v1/courses/none/documents", *options))[0] == 404
    assert (await curl(system, "/v1/documents", *form(files, "one.pdf")))[0] == 400
    status, refused = await curl(system, "/v1/documents", "--data", "files=none")
    assert (status, refused["message"]) == (400, "the body must be multipart/form-data")


async def test_the_older_endpoint_answers_with_a_task(system: System, files: Path) -> None:
    status, taken = await curl(system, "/api/upload-pdfs", *form(files, "one.pdf"), "-F", "course_title=Course 1")
    assert status == 200
    assert (taken["status"], taken["files"]) == ("PENDING", ["one.pdf"])
    status, task = await curl(system, f"/api/jobs/{taken['task_id']}", "--get")
    assert (status, task["task_id"], task["status"]) == (200, taken["task_id"], "PENDING")
    status, refused = await curl(system, "/api/upload-pdfs", "-F", "course_title=Course 1")
    assert (status, refused["success"], refused["error"]) == (400, False, "INVALID_ARGUMENT")


async def test_a_transcript_comes_as_the_bytes_of_its_file(system: System, tmp_path: Path) -> None:
    captions = "1\r\n00:00:01,000 --> 00:00:03,000\r\nGrüße aus Zürich: “schön”\r\n"
    (tmp_path / "old.srt").write_bytes(captions.encode("cp1252"))
    course = await make_course(system, [])
    options = (
        "--form",
        f"file=@{tmp_path / 'old.srt'}",
        "--form",
        "videoUrl=https://v.example.org/1",
        "--form",
        "title=Ü",
    )

    status, made = await curl(system, f"/v1/{course}/videos:import", *options)

    assert status == 200
    assert (made["format"], made["video"]["title"]) == ("SRT", "Ü")
    assert "Windows-1252" in made["warnings"][0]
    async with system.channel("context") as channel:
        request = courses_pb2.GetTranscriptRequest(name=made["video"]["name"])
        said = await courses_pb2_grpc.CourseServiceStub(channel).GetTranscript(
            request, metadata=system.metadata(TEACHER)
        )
    assert [cue.text for cue in said.cues] == ["Grüße aus Zürich: “schön”"]


async def test_a_form_without_an_address_or_of_a_student_imports_nothing(system: System, tmp_path: Path) -> None:
    (tmp_path / "a.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nwords\n")
    path = f"/v1/{await make_course(system, [])}/videos:import"
    file = ("--form", f"file=@{tmp_path / 'a.vtt'}")
    assert (await curl(system, path, *file))[0] == 400
    url = ("--form", "videoUrl=https://v.example.org/1")
    assert (await curl(system, path, *file, *url, "--form", "format=none"))[0] == 400
    assert (await curl(system, path, *file, *url, caller=STUDENT))[0] == 403
    assert (await curl(system, path, *file, *url, caller=None))[0] == 401
