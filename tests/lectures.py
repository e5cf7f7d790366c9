"""A course and its lectures, as stores keep them."""

from datetime import UTC, datetime
from uuid import uuid4

from services.context.model import Course, CourseKey, Cue, Lecture, Passage, Video

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def a_course(key: CourseKey) -> Course:
    return Course(key=key, title=key.course.title(), created=NOW, updated=NOW, epoch=7)


def a_lecture(name: str = "one", words: str = "Waves carry energy.", *, cues: int = 3) -> Lecture:
    spoken = tuple(Cue(n * 1000, n * 1000 + 900, f"{words} {n}") for n in range(cues))
    pieces = tuple(Passage(f"{name}-{n}", f"{words} {n}", cue.start, cue.end, (cue,)) for n, cue in enumerate(spoken))
    video = Video(
        id=name,
        url=f"https://v.example/{name}.mp4",
        title=name,
        edition=f"{0:x}-{uuid4().hex}",
        language="english",
        imported_by="tess",
        duration=cues * 1000,
        cue_count=cues,
        passage_count=cues,
        created=NOW,
        updated=NOW,
    )
    return Lecture(video, spoken, pieces)
