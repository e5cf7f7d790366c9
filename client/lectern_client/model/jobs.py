"""Work that outlives the request that asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lectern_client.model.enums import OpenEnum
from lectern_client.model.reasons import ErrorReason


class JobState(OpenEnum):
    UNSPECIFIED = "UNSPECIFIED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True)
class JobStep:
    name: str = ""
    state: JobState = JobState.UNSPECIFIED
    message: str = ""


@dataclass(frozen=True, slots=True)
class JobError:
    reason: ErrorReason = ErrorReason.UNSPECIFIED
    message: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """`jobs/{job}`; `progress` goes from 0 to 100, `result` is what it made."""

    name: str = ""
    kind: str = ""
    queue: str = ""
    state: JobState = JobState.UNSPECIFIED
    progress: int = 0
    message: str = ""
    attempt: int = 0
    max_attempts: int = 0
    error: JobError | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[JobStep, ...] = ()
    trace_id: str = ""
    log_lines: tuple[str, ...] = ()
    quarantined: bool = False
    create_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    due_time: datetime | None = None
