"""What uploads need of the other services."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kit.auth.caller import Caller


@dataclass(frozen=True, slots=True)
class File:
    """A file on its way, in chunks of at most 1 MiB."""

    name: str
    chunks: AsyncIterator[bytes]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A document and the job that reads it, as the API shows them."""

    document: Mapping[str, Any]
    job: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Original:
    """A document as it was uploaded: its name, its type and its size in bytes, and its bytes in pieces.

    Whoever asked for it closes it, whether the bytes were read or not.
    """

    file_name: str
    content_type: str
    size: int
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Transcript:
    """The file of a video's transcript; `format` by the name that the API has for it, found out where empty."""

    course: str
    video_url: str
    content: bytes
    title: str = ""
    format: str = ""


class TranscriptDesk(Protocol):
    """Takes transcripts in. Courses are named `courses/{course}`."""

    async def bring(self, caller: Caller, transcript: Transcript) -> Mapping[str, Any]:
        """What the import made, as the API shows it; raises NotFound, and InvalidArgument that names the line."""
        ...


class DocumentDesk(Protocol):
    """Takes documents in. Courses are named `courses/{course}`."""

    async def open_course(self, caller: Caller, title: str) -> str:
        """The name of a new course; raises PermissionDenied and InvalidArgument."""
        ...

    async def close_course(self, caller: Caller, course: str) -> None:
        """Deletes it with all it has; raises NotFound."""
        ...

    async def take(self, caller: Caller, course: str, file: File) -> Uploaded:
        """Raises NotFound for no such course, InvalidArgument for what is not read or too large."""
        ...

    async def original(self, caller: Caller, document: str) -> Original:
        """Of `courses/{course}/documents/{document}`; raises NotFound where there is none, or it is not to be seen."""
        ...

    async def build(self, caller: Caller, course: str) -> Mapping[str, Any]:
        """The job that makes chapters and quizzes of the course's documents, as the API shows it."""
        ...
