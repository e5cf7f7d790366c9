"""What is said of things that are not there."""

from kit.errors import NotFound, Reason
from services.context.model.knowledge import CourseKey


def course_not_found(key: CourseKey) -> NotFound:
    return NotFound(f"there is no course {key.name}", Reason.COURSE_NOT_FOUND, metadata={"course": key.name})


def video_not_found(key: CourseKey, video: str) -> NotFound:
    name = f"{key.name}/videos/{video}"
    return NotFound(f"there is no video {name}", Reason.VIDEO_NOT_FOUND, metadata={"video": name})


def document_not_found(key: CourseKey, document: str) -> NotFound:
    return NotFound(f"there is no document {key.name}/documents/{document}")
