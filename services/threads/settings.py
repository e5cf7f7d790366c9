from typing import Literal

from pydantic import Field

from kit.jobs.settings import JobsSettings


class ThreadsSettings(JobsSettings):
    """The settings of the threads service."""

    threads_database: str = Field("threads", description="The MongoDB database of the threads service")
    turn_concurrency: Literal["queue", "refuse"] = Field(
        "queue", description="What becomes of a question while another one of its thread is answered: queue or refuse"
    )
    turn_queue_limit: int = Field(256, ge=1, le=256, description="Unanswered questions of one thread at the most")
    turn_abandoned_seconds: float = Field(
        1800, description="After so long a turn that has not ended may be taken over whoever owns it, in seconds"
    )
    owner_lease_seconds: float = Field(
        3.0, description="How long a process that answers turns counts as alive without renewing, in seconds"
    )
    thread_hot_seconds: int = Field(
        7 * 24 * 3600, description="How long a thread's id stays in Redis since its last use, in seconds"
    )
    thread_list_cache_seconds: int = Field(300, description="How long pages of thread lists are kept, in seconds")
    watch_heartbeat_seconds: float = Field(
        15.0, description="After so many quiet seconds a watched thread's stream says that it is alive"
    )
    analytics_seconds: float = Field(
        60.0, description="How often the questions of a course are counted for its insights at the most, in seconds"
    )
    record_days: float = Field(
        30.0, description="How long conversations and responses of OpenAI's clients outlive their last change, in days"
    )
    thread_retention_days: float = Field(
        0.0, description="Threads that nothing happened in for so many days are deleted; 0 keeps them"
    )
