"""Between the domain and the wire."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from google.protobuf import field_mask_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.context.v1 import courses_pb2

from kit.errors import InvalidArgument
from services.context.captions.model import Format
from services.context.model import Course, CourseChanges, Cue, Document, Policy, Video, Visibility
from services.context.service.search import Found
from services.context.service.videos import Imported, Said

Value = TypeVar("Value")

CHANGEABLE = ("title", "description", "visibility", "policy")

_Visibility = courses_pb2.Course.Visibility
_Policy = courses_pb2.Course.Policy
_Format = courses_pb2.ImportVideoRequest.Format

VISIBILITIES: dict[int, Visibility] = {
    _Visibility.VISIBILITY_UNSPECIFIED: Visibility.TENANT,
    _Visibility.TENANT: Visibility.TENANT,
    _Visibility.MEMBERS: Visibility.MEMBERS,
}
POLICIES: dict[int, Policy] = {
    _Policy.POLICY_UNSPECIFIED: Policy.ANSWER,
    _Policy.ANSWER: Policy.ANSWER,
    _Policy.HINTS: Policy.HINTS,
    _Policy.QUIZ_ME: Policy.QUIZ_ME,
}
FORMATS: dict[int, Format | None] = {
    _Format.FORMAT_UNSPECIFIED: None,
    _Format.VTT: Format.VTT,
    _Format.SRT: Format.SRT,
    _Format.JSON: Format.JSON,
    _Format.TEXT: Format.TEXT,
    _Format.SBV: Format.SBV,
    _Format.TTML: Format.TTML,
    _Format.YOUTUBE_XML: Format.YOUTUBE_XML,
    _Format.ASS: Format.ASS,
    _Format.SAMI: Format.SAMI,
    _Format.LRC: Format.LRC,
    _Format.MICRODVD: Format.MICRODVD,
    _Format.TABLE: Format.TABLE,
}


def course(found: Course, *, members: bool = False) -> courses_pb2.Course:
    """`members` are for teachers alone."""
    return courses_pb2.Course(
        name=found.key.name,
        title=found.title,
        description=found.description,
        visibility=_Visibility.Value(found.visibility.name),
        policy=_Policy.Value(found.policy.name),
        video_count=found.video_count,
        context_version=found.version,
        members=sorted(found.members) if members else (),
        create_time=timestamp(found.created),
        update_time=timestamp(found.updated),
    )


def changes(wanted: courses_pb2.Course, mask: field_mask_pb2.FieldMask) -> CourseChanges:
    """What the mask names; without a mask, what is set."""
    paths = list(mask.paths)
    if paths == ["*"]:
        paths = list(CHANGEABLE)
    unknown = [path for path in paths if path not in CHANGEABLE]
    if unknown:
        raise InvalidArgument(f"update_mask may name {', '.join(CHANGEABLE)}, not {unknown[0]}", field="update_mask")
    named = frozenset(paths or (path for path in CHANGEABLE if getattr(wanted, path)))
    return CourseChanges(
        title=wanted.title if "title" in named else None,
        description=wanted.description if "description" in named else None,
        visibility=visibility(wanted.visibility) if "visibility" in named else None,
        policy=policy(wanted.policy) if "policy" in named else None,
    )


def visibility(value: int) -> Visibility:
    return _known(VISIBILITIES, value, "course.visibility")


def policy(value: int) -> Policy:
    return _known(POLICIES, value, "course.policy")


def imported(course: str, made: Imported) -> courses_pb2.ImportVideoResponse:
    return courses_pb2.ImportVideoResponse(
        video=video(course, made.video),
        warnings=made.warnings,
        context_version=made.version,
        format=_Format.Value(made.format.name),
    )


def source(request: courses_pb2.ImportVideoRequest) -> str | bytes:
    """The transcript, as text or as the bytes of its file."""
    if request.transcript and request.transcript_bytes:
        raise InvalidArgument("either transcript or transcript_bytes, not both", field="transcript_bytes")
    return request.transcript_bytes or request.transcript


def form(value: int) -> Format | None:
    if value not in FORMATS:
        raise InvalidArgument("format is not one of those that can be read", field="format")
    return FORMATS[value]


def video(course: str, found: Video) -> courses_pb2.Video:
    return courses_pb2.Video(
        name=f"courses/{course}/videos/{found.id}",
        video_url=found.url,
        title=found.title,
        duration=duration(found.duration),
        cue_count=found.cue_count,
        passage_count=found.passage_count,
        create_time=timestamp(found.created),
        update_time=timestamp(found.updated),
    )


def transcript(course: str, said: Said) -> courses_pb2.Transcript:
    return courses_pb2.Transcript(
        name=f"courses/{course}/videos/{said.video.id}/transcript",
        video_url=said.video.url,
        title=said.video.title,
        cues=cues(said.cues),
    )


def passage(course: str, found: Found) -> courses_pb2.Passage:
    whole = without_cues(course, found)
    whole.cues.extend(cues(found.passage.cues))
    return whole


def without_cues(course: str, found: Found) -> courses_pb2.Passage:
    source = found.source
    return courses_pb2.Passage(
        id=found.passage.id,
        text=found.passage.text,
        video_url=source.url if isinstance(source, Video) else "",
        document=document_name(course, source.id) if isinstance(source, Document) else "",
        title=source.title,
        start_offset=duration(found.passage.start),
        end_offset=duration(found.passage.end),
        page=found.passage.page,
        score=found.score,
    )


def document_name(course: str, document: str) -> str:
    return f"courses/{course}/documents/{document}"


def milliseconds(duration: Duration) -> int:
    return duration.seconds * 1000 + duration.nanos // 1_000_000


def _known(values: Mapping[int, Value], value: int, field: str) -> Value:
    if value not in values:
        raise InvalidArgument(f"{field} has an unknown value", field=field)
    return values[value]


def cues(said: Iterable[Cue]) -> list[courses_pb2.Cue]:
    return [
        courses_pb2.Cue(start_offset=duration(cue.start), end_offset=duration(cue.end), text=cue.text) for cue in said
    ]


def duration(moment: int | None) -> Duration | None:
    if moment is None:
        return None
    return Duration(seconds=moment // 1000, nanos=moment % 1000 * 1_000_000)


def timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
