"""Between the protos of operations and the values of the service."""

from collections.abc import Iterable, Sequence
from datetime import date

from google.protobuf.timestamp_pb2 import Timestamp
from lectern.inference.v1 import operations_pb2 as pb

from kit.breaker.model import Standing, State
from kit.errors import InvalidArgument
from services.inference.model.spending import NANOS, Budget, Line, Period
from services.inference.service.operations import ProviderStatus

# Billionths of so many dollars fit the integers of MongoDB.
MAX_DOLLARS = 1_000_000_000
STATES = {
    State.CLOSED: pb.Provider.CLOSED,
    State.OPEN: pb.Provider.OPEN,
    State.HALF_OPEN: pb.Provider.HALF_OPEN,
}
PERIODS = {
    pb.Budget.PERIOD_UNSPECIFIED: Period.MONTH,
    pb.Budget.DAY: Period.DAY,
    pb.Budget.MONTH: Period.MONTH,
    pb.Budget.TOTAL: Period.TOTAL,
}
PERIOD_NUMBERS = {period: number for number, period in PERIODS.items()}


def provider(status: ProviderStatus) -> pb.Provider:
    limits = status.provider.limits
    return pb.Provider(
        name=f"providers/{status.provider.name}",
        models=status.provider.models,
        keys=[_key(index, standing) for index, standing in enumerate(status.standings)],
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        error_rate=status.error_rate,
        first_token_seconds=status.first_token,
    )


def usage(lines: Sequence[Line]) -> pb.Usage:
    return pb.Usage(totals=_totals(lines), lines=[line(each) for each in lines])


def day(request: pb.GetUsageRequest, field: str) -> date | None:
    """The day of a time in the request; None where it is not set."""
    if not request.HasField(field):  # type: ignore[arg-type]  # a literal in the stubs
        return None
    stamp: Timestamp = getattr(request, field)
    return stamp.ToDatetime().date()


def budget_of(tenant: str, message: pb.Budget) -> Budget:
    return Budget(
        tenant=tenant,
        user=message.user,
        course=message.course,
        period=PERIODS.get(message.period, Period.MONTH),
        token_limit=message.token_limit,
        cost_limit=_nanos(message.cost_limit_usd),
    )


def _nanos(dollars: float) -> int:
    """Billionths of a dollar; raises InvalidArgument for what no database can count."""
    if not -MAX_DOLLARS <= dollars <= MAX_DOLLARS:  # holds for NaN as well
        raise InvalidArgument(f"a limit is at most {MAX_DOLLARS} dollars", field="budget.cost_limit_usd")
    return round(dollars * NANOS)


def budget(value: Budget) -> pb.Budget:
    return pb.Budget(
        user=value.user,
        course=value.course,
        period=PERIOD_NUMBERS[value.period],
        token_limit=value.token_limit,
        cost_limit_usd=value.cost_limit / NANOS,
        spent_tokens=value.spent_tokens,
        spent_usd=value.spent_cost / NANOS,
        reserved_tokens=value.reserved_tokens,
    )


def _key(index: int, standing: Standing) -> pb.Provider.Key:
    return pb.Provider.Key(
        index=index,
        state=STATES[standing.state],
        requests=standing.requests,
        failures=standing.failures,
        opens_in_seconds=standing.opens_in,
        rests_for_seconds=standing.rests_for,
        forced=standing.forced is not None,
    )


def line(value: Line) -> pb.Usage.Line:
    return pb.Usage.Line(
        user=value.user,
        course=value.course,
        provider=value.provider,
        model=value.model,
        purpose=value.purpose,
        totals=_totals([value]),
    )


def _totals(lines: Iterable[Line]) -> pb.Usage.Totals:
    totals = pb.Usage.Totals()
    for line in lines:
        totals.calls += line.calls
        totals.prompt_tokens += line.prompt_tokens
        totals.completion_tokens += line.completion_tokens
        totals.cost_usd += line.cost / NANOS
        totals.unpriced_calls += line.unpriced_calls
    return totals
