"""Courses, videos, documents and passages as rows of MongoDB, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit.document_kinds import DocumentKind
from services.context.model import (
    Course,
    CourseKey,
    Cue,
    Document,
    DocumentState,
    Page,
    PageRemarks,
    PageState,
    Passage,
    Policy,
    Vector,
    Video,
    Visibility,
    sort_key,
)

DATABASE = "context"
COURSES, VIDEOS, CUES, PASSAGES, PAGES = "courses", "videotranscriptions", "cues", "passages", "pages"
DOCUMENTS, BLOBS = "documents", "documents"  # GridFS keeps bytes in `documents.files` and `documents.chunks`
QUIZZES, OUTLINES = "quizzes", "outlines"
POPULARITY, CLAIMS = "popularity", "claims"
READY = "ready"
CUES_PER_DOCUMENT = 500

Row = dict[str, Any]


def course_ref(key: CourseKey) -> str:
    """The `_id` of a course; ids have no slash, so the tenant may have any."""
    return f"{key.tenant}/{key.course}"


def key_of(reference: str) -> CourseKey:
    tenant, _, course = reference.rpartition("/")
    return CourseKey(tenant, course)


def video_ref(key: CourseKey, video: str) -> str:
    return f"{course_ref(key)}/{video}"


def document_ref(key: CourseKey, document: str) -> str:
    return f"{course_ref(key)}/{document}"


def owned(key: CourseKey) -> Row:
    """What stands in every document of a course, and in every query for them."""
    return {"tenant": key.tenant, "courseId": key.course}


def course_row(course: Course) -> Row:
    return {
        "_id": course_ref(course.key),
        **owned(course.key),
        "title": course.title,
        "order": sort_key(course.title),
        "description": course.description,
        "visibility": course.visibility.value,
        "policy": course.policy.value,
        "members": sorted(course.members),
        "videoCount": course.video_count,
        "epoch": course.epoch,
        "revision": course.revision,
        "createdAt": course.created,
        "updatedAt": course.updated,
    }


def course_of(document: Mapping[str, Any]) -> Course:
    return Course(
        key=CourseKey(document["tenant"], document["courseId"]),
        title=document["title"],
        created=document["createdAt"],
        updated=document["updatedAt"],
        epoch=document["epoch"],
        revision=document["revision"],
        description=document["description"],
        visibility=Visibility(document["visibility"]),
        policy=Policy(document["policy"]),
        members=frozenset(document["members"]),
        video_count=document["videoCount"],
    )


def video_values(key: CourseKey, video: Video) -> Row:
    """What an import sets, but for its times."""
    return {
        **owned(key),
        "videoId": video.id,
        "videoUrl": video.url,
        "title": video.title,
        "status": READY,
        "edition": video.edition,
        "language": video.language,
        "importedBy": video.imported_by,
        "duration": video.duration,
        "cueCount": video.cue_count,
        "passageCount": video.passage_count,
    }


def video_of(document: Mapping[str, Any]) -> Video:
    return Video(
        id=document["videoId"],
        url=document["videoUrl"],
        title=document["title"],
        edition=document["edition"],
        language=document["language"],
        imported_by=document["importedBy"],
        duration=document["duration"],
        cue_count=document["cueCount"],
        passage_count=document["passageCount"],
        created=document["createdAt"],
        updated=document["updatedAt"],
    )


def document_row(key: CourseKey, document: Document) -> Row:
    return {
        "_id": document_ref(key, document.id),
        **owned(key),
        "documentId": document.id,
        "title": document.title,
        "fileName": document.file_name,
        "blob": document.blob,
        "size": document.size,
        "uploadedBy": document.uploaded_by,
        "status": document.state.value,
        "failure": document.failure,
        "edition": document.edition,
        "language": document.language,
        "pageCount": document.page_count,
        "passageCount": document.passage_count,
        "kind": document.kind.value,
        **remarks_values(document.remarks),
        "createdAt": document.created,
        "updatedAt": document.updated,
    }


def remarks_values(remarks: PageRemarks) -> Row:
    """What a reading sets of the pages that are not as written."""
    return {
        "emptyPages": list(remarks.empty),
        "garbledPages": list(remarks.garbled),
        "recognisedPages": list(remarks.recognised),
    }


def document_of(row: Mapping[str, Any]) -> Document:
    return Document(
        id=row["documentId"],
        title=row["title"],
        file_name=row["fileName"],
        blob=row["blob"],
        size=row["size"],
        uploaded_by=row["uploadedBy"],
        created=row["createdAt"],
        updated=row["updatedAt"],
        state=DocumentState(row["status"]),
        failure=row["failure"],
        edition=row["edition"],
        language=row["language"],
        page_count=row["pageCount"],
        passage_count=row["passageCount"],
        kind=DocumentKind(row.get("kind", DocumentKind.PDF)),
        remarks=PageRemarks(*(tuple(row.get(name, ())) for name in ("emptyPages", "garbledPages", "recognisedPages"))),
    )


def cue_rows(key: CourseKey, edition: str, cues: Sequence[Cue]) -> list[Row]:
    """The transcript in parts, so that none comes near the 16 MB that a document may have."""
    return [
        {**owned(key), "edition": edition, "part": part, "cues": _cues(cues[first : first + CUES_PER_DOCUMENT])}
        for part, first in enumerate(range(0, len(cues), CUES_PER_DOCUMENT))
    ]


def cues_of(rows: Sequence[Sequence[Any]]) -> tuple[Cue, ...]:
    return tuple(Cue(start, end, text) for start, end, text in rows)


def passage_rows(key: CourseKey, edition: str, passages: Sequence[Passage]) -> list[Row]:
    return [
        {
            **owned(key),
            "edition": edition,
            "position": position,
            "id": passage.id,
            "text": passage.text,
            "start": passage.start,
            "end": passage.end,
            "cues": _cues(passage.cues),
            "page": passage.page,
            "model": "",
            "vector": None,
        }
        for position, passage in enumerate(passages)
    ]


def page_rows(key: CourseKey, edition: str, pages: Sequence[Page]) -> list[Row]:
    return [
        {**owned(key), "edition": edition, "page": page.number, "text": page.text, "state": page.state.value}
        for page in pages
    ]


def page_of(row: Mapping[str, Any]) -> Page:
    return Page(row["page"], row["text"], PageState(row["state"]))


def passage_of(document: Mapping[str, Any]) -> Passage:
    cues, page = cues_of(document["cues"]), document.get("page", 0)
    return Passage(document["id"], document["text"], document["start"], document["end"], cues, page)


def vector_of(document: Mapping[str, Any]) -> Vector | None:
    return Vector(document["model"], bytes(document["vector"])) if document["vector"] else None


def _cues(cues: Sequence[Cue]) -> list[list[Any]]:
    return [[cue.start, cue.end, cue.text] for cue in cues]
