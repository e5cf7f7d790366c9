"""How the system is, and what was used."""

from dataclasses import dataclass
from datetime import datetime

from lectern_client.model.enums import OpenEnum


class HealthStatus(OpenEnum):
    UNSPECIFIED = "UNSPECIFIED"
    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    UNHEALTHY = "UNHEALTHY"


@dataclass(frozen=True, slots=True)
class Dependency:
    name: str = ""
    status: HealthStatus = HealthStatus.UNSPECIFIED
    message: str = ""
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    status: HealthStatus = HealthStatus.UNSPECIFIED
    dependencies: tuple[Dependency, ...] = ()
    version: str = ""
    check_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """Calls that were paid for; `cost_usd` leaves out those whose price is not known."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0


@dataclass(frozen=True, slots=True)
class UsageLine:
    user: str = ""
    course: str = ""
    provider: str = ""
    model: str = ""
    purpose: str = ""
    totals: UsageTotals = UsageTotals()


@dataclass(frozen=True, slots=True)
class Usage:
    totals: UsageTotals = UsageTotals()
    lines: tuple[UsageLine, ...] = ()
