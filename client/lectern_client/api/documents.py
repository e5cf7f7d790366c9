from pathlib import Path

from lectern_client.api.operations import D, Group, many, one
from lectern_client.model.documents import Document, Uploaded
from lectern_client.protocol.calls import Call, Listing, nothing, reading
from lectern_client.protocol.requests import Request, Upload, delete, get, resource


class Documents(Group[D]):
    """Documents of courses, whose passages are found and cited by their pages. Changes are for teachers."""

    @one
    def upload(self, course: str, *files: Path | Upload) -> Call[Uploaded]:
        """Adds documents to a course; the same file again is the same document."""
        path = f"/v1/{resource('courses', course)}/documents"
        return Call(Request("POST", path, files=_uploads(files), repeatable=True), reading(Uploaded))

    @one
    def upload_course(self, title: str, *files: Path | Upload) -> Call[Uploaded]:
        """Makes a new course of documents; its last job writes chapters and quizzes."""
        form = {"courseTitle": title}
        return Call(Request("POST", "/v1/documents", form=form, files=_uploads(files)), reading(Uploaded))

    @many
    def list(self, course: str, *, page_size: int | None = None) -> Listing[Document]:
        """The documents in the order of their upload."""
        path = f"/v1/{resource('courses', course)}/documents"
        return Listing(get(path, pageSize=page_size), "documents", reading(Document))

    @one
    def get(self, document: str) -> Call[Document]:
        """Reads a document, `courses/{course}/documents/{document}`."""
        return Call(get(f"/v1/{document}"), reading(Document))

    @one
    def delete(self, document: str) -> Call[None]:
        """Deletes a document with its passages."""
        return Call(delete(f"/v1/{document}"), nothing)


def _uploads(files: tuple[Path | Upload, ...]) -> tuple[Upload, ...]:
    return tuple(each if isinstance(each, Upload) else Upload(each.name, each) for each in files)
