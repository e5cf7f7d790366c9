"""Limits of queues as operators send them: within bounds, or refused with the field's name."""

from collections.abc import Sequence

from lectern.jobs.v1 import queues_pb2

from kit.errors import InvalidArgument
from kit.jobs.controls import ControlFields
from kit.jobs.limits import LONGEST_PERIOD_SECONDS, MOST_AT_ONCE, MOST_STARTS, Rate

CHANGEABLE = ("concurrency", "rate")
PERIOD_SECONDS = 60.0


def control_fields(queue: queues_pb2.Queue, mask: Sequence[str]) -> ControlFields:
    """What the mask names, or without one what is set; empty fields that it names go back to the setting."""
    for path in mask:
        if path == "paused":
            raise InvalidArgument("a queue is paused by :pause and resumed by :resume", field="update_mask")
        if path not in (*CHANGEABLE, "*"):
            raise InvalidArgument(
                f"update_mask may name {' and '.join(CHANGEABLE)}, not {path[:100]!r}", field="update_mask"
            )
    named = set(CHANGEABLE) if "*" in mask else set(mask) or _set_in(queue)
    if not named:
        raise InvalidArgument(f"nothing is to be changed; {' and '.join(CHANGEABLE)} may be", field="queue")
    fields = ControlFields()
    if "concurrency" in named:
        fields["concurrency"] = concurrency_of(queue.concurrency) if queue.concurrency else None
    if "rate" in named:
        fields["rate"] = _rate(queue.rate) if queue.HasField("rate") else None
    return fields


def concurrency_of(number: int) -> int:
    """Raises InvalidArgument out of bounds."""
    if not 1 <= number <= MOST_AT_ONCE:
        raise InvalidArgument(
            f"concurrency must be 1 to {MOST_AT_ONCE:,}, not {number}; :pause stops a queue", field="queue.concurrency"
        )
    return number


def rate_of(count: int, seconds: float) -> Rate:
    """Raises InvalidArgument out of bounds."""
    if not 0 <= count <= MOST_STARTS:
        raise InvalidArgument(f"rate.count must be 0 to {MOST_STARTS:,}, not {count}", field="queue.rate.count")
    if not 1 <= seconds <= LONGEST_PERIOD_SECONDS:
        raise InvalidArgument("rate.period must be from 1s to 86400s", field="queue.rate.period")
    return Rate(count, seconds)


def _set_in(queue: queues_pb2.Queue) -> set[str]:
    return {name for name, given in (("concurrency", queue.concurrency), ("rate", queue.HasField("rate"))) if given}


def _rate(rate: queues_pb2.Queue.Rate) -> Rate:
    seconds = rate.period.seconds + rate.period.nanos / 1e9 if rate.HasField("period") else PERIOD_SECONDS
    return rate_of(rate.count, seconds)
