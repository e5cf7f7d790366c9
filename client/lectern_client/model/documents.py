"""Documents of a course."""

from dataclasses import dataclass
from datetime import datetime

from lectern_client.model.enums import OpenEnum
from lectern_client.model.jobs import Job


class DocumentState(OpenEnum):
    UNSPECIFIED = "UNSPECIFIED"
    WAITING = "WAITING"
    READY = "READY"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Document:
    """`courses/{course}/documents/{document}`; `failure` says why it cannot be read."""

    name: str = ""
    title: str = ""
    file_name: str = ""
    size_bytes: int = 0
    state: DocumentState = DocumentState.UNSPECIFIED
    failure: str = ""
    page_count: int = 0
    passage_count: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What was taken in, and the jobs that make something of it: each document's first, then the course's."""

    course: str = ""
    documents: tuple[Document, ...] = ()
    jobs: tuple[Job, ...] = ()
