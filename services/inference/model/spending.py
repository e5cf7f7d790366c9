"""Who pays, what was paid, and what may be."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.inference.model.generation import Usage

NANOS = 1_000_000_000


class Period(StrEnum):
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"

    def window(self, now: datetime) -> str:
        """The name of the running period; spending is counted anew when it changes."""
        return {Period.DAY: now.strftime("%Y-%m-%d"), Period.MONTH: now.strftime("%Y-%m")}.get(self, "total")


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose budgets a call draws on."""

    tenant: str
    user: str
    course: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens, and their cost in billionths of a US dollar; None where the price is not known."""

    tokens: int
    cost: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """What one call to a provider took."""

    payer: Payer
    provider: str
    model: str
    purpose: str
    usage: Usage
    cost: int | None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a tenant may spend, or a user or course of it. 0 sets no limit; cost in billionths of a dollar."""

    tenant: str
    user: str = ""
    course: str = ""
    period: Period = Period.MONTH
    token_limit: int = 0
    cost_limit: int = 0
    spent_tokens: int = 0
    spent_cost: int = 0
    reserved_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What calls of one kind took together."""

    user: str
    course: str
    provider: str
    model: str
    purpose: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: int
    unpriced_calls: int
