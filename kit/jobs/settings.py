import json
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode

from kit.errors import InvalidArgument
from kit.jobs.limits import QueueLimits
from kit.jobs.pace import FREE, METERED, RedisPace
from kit.jobs.policies import POLICIES, Policies
from kit.settings import CommonSettings


class JobsSettings(CommonSettings):
    """The settings of processes that submit, run or dispatch jobs."""

    uses_queue: ClassVar[bool] = True

    disable_queues: bool = Field(
        False,
        validation_alias=AliasChoices("DISABLE_QUEUES", "disable_queues"),
        description="Switches the queues off: titles and counts run in the process that submits them, other jobs are "
        "refused",
    )
    jobs_database: str = Field("jobs", description="The MongoDB database of jobs")
    jobs_retention_days: float = Field(30.0, description="How long ended jobs are kept, in days")
    job_lease_seconds: float = Field(
        10.0, description="After so long without a sign of life a running job is given to another worker, in seconds"
    )
    jobs_start_seconds: float = Field(
        30.0, description="How long a released job may wait for a worker before it is released again, in seconds"
    )
    queue_limits: Annotated[dict[str, QueueLimits], NoDecode] = Field(
        {},
        description='JSON of limits by queue: `{"documents": {"concurrency": 300, "per_worker": 3, '
        '"rate": {"count": 10, "seconds": 60}}}`; what is left out stays as `kit/jobs/policies.py` has it, a count '
        "of 0 is without a limit. The same for gateway, workers and dispatcher",
    )
    redis_metered: bool = Field(
        False,
        description="Asks the Redis of the queues as seldom as possible, where its commands are counted: see "
        "docs/sizing.md for what that saves and what it makes slower. Give caches a Redis of their own by "
        "REDIS_CACHE_URL. The same for gateway, services, workers and dispatcher",
    )
    webhooks_private: bool = Field(
        False, description="Lets webhooks reach private addresses and plain http, for trying things out"
    )

    @field_validator("queue_limits", mode="before")
    @classmethod
    def _decoded(cls, limits: Any) -> Any:
        """Deployments hand on a variable that is empty where nobody has set it."""
        return json.loads(limits.strip() or "{}") if isinstance(limits, str) else limits

    @field_validator("queue_limits")
    @classmethod
    def _of_known_queues(cls, limits: dict[str, QueueLimits]) -> dict[str, QueueLimits]:
        try:
            POLICIES.limited(limits)
        except InvalidArgument as error:
            raise ValueError(error.message) from error
        return limits

    @cached_property
    def policies(self) -> Policies:
        """The table of policies under the limits of this setting, with time for models as slow as they may be."""
        return POLICIES.limited(self.queue_limits).patient(self.bulk_timeout)

    @property
    def redis_pace(self) -> RedisPace:
        """How often the queues' Redis is asked."""
        return METERED if self.redis_metered else FREE

    @property
    def worker_alive_seconds(self) -> float:
        """A worker counts as alive for so long after its last beat."""
        return 1.5 * self.job_lease_seconds

    worker_queues: str = Field(
        "", description="Queues that a worker serves, separated by commas; empty for all it knows"
    )
    health_file: str = Field(
        "", description="A file that a worker touches while it lives, for `python -m kit.healthcheck`; empty for none"
    )
    jobs_per_process: int = Field(50, description="A worker restarts its process after so many jobs; 0 for never")


class DispatcherSettings(JobsSettings):
    """The settings of the dispatcher."""

    dispatcher_lease_seconds: float = Field(5.0, description="After so long a silent leader is replaced, in seconds")
    dispatcher_tick_seconds: float = Field(
        0.25,
        description="How often a queue is looked at in which jobs wait or whose provider is away, and what failed is "
        "tried again, in seconds",
    )
    dispatcher_audit_seconds: float = Field(
        5.0, description="How often jobs are looked for that the waiting room does not know, in seconds"
    )
    dispatcher_sweep_seconds: float = Field(
        15.0, description="How often everything is looked at although no signal came, in seconds"
    )
    job_max_crashes: int = Field(3, description="A job whose workers died so often is quarantined")
    job_cancel_grace_seconds: float = Field(
        15.0, description="A running job that was asked to stop and has not is cancelled by force after so many seconds"
    )
    jobs_ahead: int = Field(2, description="So many jobs of a queue are released beyond what workers can take at once")
    redis_commands_per_day: int = Field(
        0, ge=0, description="Commands that a metered Redis includes in a day; alerts warn before. 0 is without a limit"
    )
