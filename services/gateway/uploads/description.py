"""What `/openapi.json` tells of uploads."""

from typing import Any

from kit.document_kinds import DocumentKind
from services.gateway.openapi.document import Fragment
from services.gateway.openapi.errors import responses
from services.gateway.openapi.paths import SEGMENT

TAG = "Uploads"
ABOUT = """PDF, PPTX, DOCX, Markdown and HTML as files of a form; over gRPC, `DocumentService.UploadDocument` takes
them in pieces.

Transcripts come to `videos:import` as files too, in whatever encoding."""
FILES = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "string", "contentMediaType": "application/octet-stream"},
    "description": "One document or several: PDF, PPTX, DOCX, Markdown or HTML.",
}
TITLE = {"type": "string", "minLength": 1, "description": "The title of the course that is made for them."}
COURSE = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"}
TRANSCRIPT = {
    "file": {"type": "string", "contentMediaType": "text/plain", "description": "The transcript, in any encoding."},
    "videoUrl": {"type": "string", "minLength": 1, "description": "The address of the video."},
    "title": {"type": "string", "description": "Its title; the end of the address where empty."},
    "format": {"type": "string", "description": "As in JSON; found out where empty."},
}
TAKEN = {
    "type": "object",
    "required": ["course", "documents", "jobs"],
    "properties": {
        "course": {"type": "string"},
        "documents": {"type": "array", "items": {"$ref": "#/components/schemas/lectern.context.v1.Document"}},
        "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/lectern.jobs.v1.Job"}},
    },
}


def fragment() -> Fragment:
    """The paths of files."""
    into_new = _operation(
        "UploadDocuments", "Uploads documents as a new course", {"files": FILES, "courseTitle": TITLE}
    )
    into_course = _operation("UploadCourseDocuments", "Uploads documents into a course", {"files": FILES})
    place = {"name": "course", "in": "path", "required": True, "schema": COURSE}
    named = {"name": "document", "in": "path", "required": True, "schema": {"type": "string", "pattern": SEGMENT}}
    paths = {
        "/v1/documents": {"post": into_new},
        "/v1/courses/{course}/documents": {"post": {**into_course, "parameters": [place]}},
        "/v1/courses/{course}/documents/{document}/original": {"get": {**_original(), "parameters": [place, named]}},
        "/v1/courses/{course}/videos:import": {
            "post": {"requestBody": {"content": _form(TRANSCRIPT, "file", "videoUrl")}}
        },
    }
    return Fragment(TAG, ABOUT, paths)


def _original() -> dict[str, Any]:
    content = {kind.content_type: {"schema": {"type": "string", "format": "binary"}} for kind in DocumentKind}
    return {
        "tags": [TAG],
        "operationId": "ReadDocumentOriginal",
        "summary": "Reads the bytes of a document as they were uploaded",
        "responses": {"200": {"description": "The document.", "content": content}, **responses()},
    }


def _operation(name: str, summary: str, fields: dict[str, Any]) -> dict[str, Any]:
    answer = {"description": "What was taken, and the jobs.", "content": {"application/json": {"schema": TAKEN}}}
    return {
        "tags": [TAG],
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": _form(fields, *fields)},
        "responses": {"200": answer, **responses()},
    }


def _form(fields: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required), "properties": fields}
    return {"multipart/form-data": {"schema": schema}}
