"""The bounds of what a thread takes."""

from collections.abc import Mapping

from kit.errors import InvalidArgument, Reason
from services.threads.model import Answer, Question

QUESTION_BYTES = 16 * 1024
ANSWER_BYTES = 1024 * 1024
CITATIONS = 256
SENTENCES = 4096
REQUEST_ID_LENGTH = 128
VIDEO_URL_LENGTH = 2048
OWNER_LENGTH = 128
CONTINUES_LENGTH = 256
OPTIONS_BYTES = 64 * 1024
TITLE_LENGTH = 200
METADATA_ENTRIES = 32
METADATA_LENGTH = 256
QUERY_LENGTH = 512


def check_question(question: Question) -> None:
    if not question.text.strip():
        raise InvalidArgument("message must not be empty", Reason.MESSAGE_EMPTY, field="message")
    if len(question.text.encode()) > QUESTION_BYTES:
        raise InvalidArgument(f"message must not exceed {QUESTION_BYTES} bytes", Reason.TOO_LARGE, field="message")
    check_request_id(question.request_id)
    _at_most(question.video_url, VIDEO_URL_LENGTH, "video_url")
    _at_most(question.continues, CONTINUES_LENGTH, "continues")
    if len(question.options.encode()) > OPTIONS_BYTES:
        raise InvalidArgument(f"options must not exceed {OPTIONS_BYTES} bytes", Reason.TOO_LARGE, field="options")


def check_request_id(request_id: str) -> None:
    _at_most(request_id, REQUEST_ID_LENGTH, "request_id")


def check_answer(answer: Answer) -> None:
    if len(answer.text.encode()) > ANSWER_BYTES:
        raise InvalidArgument(
            f"turn.answer must not exceed {ANSWER_BYTES} bytes", Reason.TOO_LARGE, field="turn.answer"
        )
    if len(answer.citations) > CITATIONS:
        raise InvalidArgument(f"at most {CITATIONS} citations", Reason.TOO_LARGE, field="turn.citations")
    if len(answer.sentences) > SENTENCES:
        raise InvalidArgument(f"at most {SENTENCES} sentences", Reason.TOO_LARGE, field="turn.sentences")


def check_owner(owner: str) -> None:
    if not owner:
        raise InvalidArgument("owner must not be empty", field="owner")
    _at_most(owner, OWNER_LENGTH, "owner")


def check_title(title: str) -> None:
    if not title.strip():
        raise InvalidArgument("title must not be empty", field="thread.title")
    _at_most(title, TITLE_LENGTH, "thread.title")


def check_metadata(metadata: Mapping[str, str | None]) -> None:
    if len(metadata) > METADATA_ENTRIES:
        raise InvalidArgument(f"at most {METADATA_ENTRIES} entries of metadata", field="thread.metadata")
    for key, value in metadata.items():
        if not key or "=" in key:
            raise InvalidArgument("keys of metadata must not be empty or hold '='", field="thread.metadata")
        _at_most(key, METADATA_LENGTH, "thread.metadata")
        _at_most(value or "", METADATA_LENGTH, "thread.metadata")


def check_query(query: str) -> None:
    if not query.strip():
        raise InvalidArgument("query must not be empty", field="query")
    _at_most(query, QUERY_LENGTH, "query")


def _at_most(text: str, length: int, field: str) -> None:
    if len(text) > length:
        raise InvalidArgument(f"{field} must not exceed {length} characters", Reason.TOO_LARGE, field=field)
