"""Courses and what is known in them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lectern_client.model.enums import OpenEnum


class Visibility(OpenEnum):
    UNSPECIFIED = "UNSPECIFIED"
    TENANT = "TENANT"
    MEMBERS = "MEMBERS"


class TutoringPolicy(OpenEnum):
    UNSPECIFIED = "UNSPECIFIED"
    ANSWER = "ANSWER"
    HINTS = "HINTS"
    QUIZ_ME = "QUIZ_ME"


class CaptionFormat(OpenEnum):
    """How a transcript is written; UNSPECIFIED has the server find out."""

    UNSPECIFIED = "UNSPECIFIED"
    VTT = "VTT"
    SRT = "SRT"
    JSON = "JSON"
    TEXT = "TEXT"
    SBV = "SBV"
    TTML = "TTML"
    YOUTUBE_XML = "YOUTUBE_XML"
    ASS = "ASS"
    SAMI = "SAMI"
    LRC = "LRC"
    MICRODVD = "MICRODVD"
    TABLE = "TABLE"


@dataclass(frozen=True, slots=True)
class Course:
    """Lectures and documents that are asked about together, `courses/{course}`."""

    name: str = ""
    title: str = ""
    description: str = ""
    visibility: Visibility = Visibility.UNSPECIFIED
    policy: TutoringPolicy = TutoringPolicy.UNSPECIFIED
    video_count: int = 0
    context_version: str = ""
    members: tuple[str, ...] = ()
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Video:
    """A lecture with its transcript, `courses/{course}/videos/{video}`."""

    name: str = ""
    video_url: str = ""
    title: str = ""
    duration: timedelta = timedelta()
    cue_count: int = 0
    passage_count: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportedVideo:
    """`warnings` say what was repaired on the way, each with its line; `format` what it was read as."""

    video: Video = Video()
    warnings: tuple[str, ...] = ()
    context_version: str = ""
    format: CaptionFormat = CaptionFormat.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a source; `score` compares within one answer alone."""

    id: str = ""
    text: str = ""
    video_url: str = ""
    title: str = ""
    start_offset: timedelta = timedelta()
    end_offset: timedelta = timedelta()
    document: str = ""
    page: int = 0
    score: float = 0.0
