"""Videos and their transcripts."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from kit.auth.caller import Caller
from kit.errors import FailedPrecondition, InvalidArgument
from kit.words.languages import language_of
from services.context.captions.model import Format
from services.context.captions.reading import Captions, read
from services.context.model import Cue, Lecture, Video, VideoPosition
from services.context.model.missing import course_not_found, video_not_found
from services.context.passages.cutting import passages
from services.context.ports import VideoStore
from services.context.service.courses import Courses
from services.context.service.moments import moment_now
from services.context.service.shelf import Shelf

LONGEST_URL = 2048
LONGEST_TITLE = 300
MOST_VIDEOS = 2000
_SAMPLE_CUES = 500


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript to import, as text or as the bytes of a file; its format is found out where it is None."""

    course: str
    video_url: str
    source: str | bytes
    title: str = ""
    format: Format | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """The video, what was repaired on the way, the course's context version from now on, and what was read."""

    video: Video
    warnings: tuple[str, ...]
    version: str
    format: Format


@dataclass(frozen=True, slots=True)
class Said:
    """A video with its cues."""

    video: Video
    cues: tuple[Cue, ...]


class Videos:
    """Imports replace a video as a whole: no reader sees half of one."""

    def __init__(
        self,
        courses: Courses,
        store: VideoStore,
        shelf: Shelf,
        *,
        imported: Callable[[], None],
        now: Callable[[], datetime] = moment_now,
    ) -> None:
        """`imported` is called after each import, without waiting: passages want vectors."""
        self._courses = courses
        self._store = store
        self._shelf = shelf
        self._imported = imported
        self._now = now

    async def bring(self, caller: Caller, transcript: Transcript) -> Imported:
        """Imports a transcript; raises InvalidArgument that names the line where it cannot be read."""
        _check(transcript)
        course = await self._courses.get(caller, transcript.course)
        if course.video_count >= MOST_VIDEOS:
            raise FailedPrecondition(f"a course has at most {MOST_VIDEOS:,} videos", field="parent")
        captions = await asyncio.to_thread(read, transcript.source, transcript.format)
        moment = self._now()
        lecture = await asyncio.to_thread(_lecture, caller, transcript, captions, moment)
        stored = await self._store.put(course.key, lecture, moment)
        self._shelf.forget(course.key)
        if stored is None:
            raise course_not_found(course.key)
        self._imported()
        return Imported(stored.videos[0], captions.warnings, stored.course.version, captions.format)

    async def page(self, caller: Caller, course: str, after: VideoPosition | None, limit: int) -> Sequence[Video]:
        found = await self._courses.get(caller, course)
        return await self._store.page(found.key, after, limit)

    async def delete(self, caller: Caller, course: str, video: str) -> None:
        found = await self._courses.get(caller, course)
        changed = await self._store.delete(found.key, video, self._now())
        self._shelf.forget(found.key)
        if changed is None:
            raise video_not_found(found.key, video)

    async def transcript(self, caller: Caller, course: str, video: str) -> Said:
        found = await self._courses.get(caller, course)
        while stored := await self._store.find(found.key, video):
            cues = await self._store.cues(found.key, stored)
            if cues is not None:
                return Said(stored, cues)
        raise video_not_found(found.key, video)


def video_id(url: str) -> str:
    """The same for the same address, so that a video keeps its name when it is imported again."""
    return blake2b(url.encode(), digest_size=8).hexdigest()


def _check(transcript: Transcript) -> None:
    if not transcript.video_url.strip():
        raise InvalidArgument("video_url must not be empty", field="video_url")
    if len(transcript.video_url) > LONGEST_URL:
        raise InvalidArgument(f"video_url must have at most {LONGEST_URL:,} letters", field="video_url")
    if len(transcript.title) > LONGEST_TITLE:
        raise InvalidArgument(f"title must have at most {LONGEST_TITLE} letters", field="title")


def _lecture(caller: Caller, transcript: Transcript, captions: Captions, moment: datetime) -> Lecture:
    pieces = passages(transcript.course, transcript.video_url, captions.cues)
    video = Video(
        id=video_id(transcript.video_url),
        url=transcript.video_url,
        title=normalize("NFC", transcript.title.strip()) or _title_of(transcript.video_url),
        edition=f"{time.time_ns() // 1_000_000:x}-{secrets.token_hex(4)}",
        language=language_of(" ".join(cue.text for cue in captions.cues[:_SAMPLE_CUES])),
        imported_by=caller.user,
        duration=max(cue.end or 0 for cue in captions.cues),
        cue_count=len(captions.cues),
        passage_count=len(pieces),
        created=moment,
        updated=moment,
    )
    return Lecture(video, captions.cues, pieces)


def _title_of(url: str) -> str:
    end = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    return normalize("NFC", end or url)[:LONGEST_TITLE]
