from typing import ClassVar

from pydantic import AliasChoices, Field

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
    webhooks_private: bool = Field(
        False, description="Lets webhooks reach private addresses and plain http, for trying things out"
    )

    @property
    def worker_alive_seconds(self) -> float:
        """A worker counts as alive for so long after its last beat."""
        return 1.5 * self.job_lease_seconds

    worker_queues: str = Field(
        "", description="Queues that a worker serves, separated by commas; empty for all it knows"
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
