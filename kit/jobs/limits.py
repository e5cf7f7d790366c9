"""The limits of queues: how many jobs run at once, and how often they start."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

MOST_AT_ONCE = 10_000
MOST_PER_WORKER = 500
MOST_STARTS = 1_000_000
LONGEST_PERIOD_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Rate:
    """So many starts in any `seconds`, over the fleet; 0 is as many as there are."""

    count: int
    seconds: float

    @property
    def limit(self) -> "Rate | None":
        """None where it limits nothing."""
        return self if self.count else None


class RateLimit(BaseModel):
    """A rate as the setting says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(ge=0, le=MOST_STARTS)
    seconds: float = Field(60.0, ge=1.0, le=LONGEST_PERIOD_SECONDS)

    @property
    def limit(self) -> Rate | None:
        """None where it limits nothing."""
        return Rate(self.count, self.seconds).limit


class QueueLimits(BaseModel):
    """What the setting says of one queue; what it leaves out stays as the table of policies has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int | None = Field(None, ge=1, le=MOST_AT_ONCE)
    per_worker: int | None = Field(None, ge=1, le=MOST_PER_WORKER)
    rate: RateLimit | None = None
