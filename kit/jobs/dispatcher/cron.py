"""Times by the five fields of cron: minute, hour, day of month, month, day of week (0 and 7 are Sunday), in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Cron:
    """Which minutes an expression means. Where both days are restricted, either is enough, as in cron."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @classmethod
    def parse(cls, expression: str) -> "Cron":
        """Raises ValueError for what is not five fields of `*`, numbers, ranges, lists and steps."""
        parts = expression.split()
        if len(parts) != len(BOUNDS):
            raise ValueError(f"{expression!r} has {len(parts)} fields, not five")
        fields = (_field(part, *bound) for part, bound in zip(parts, BOUNDS, strict=True))
        minutes, hours, days, months, weekdays = fields
        either_day = not parts[2].startswith("*") and not parts[4].startswith("*")
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either_day)

    def matches(self, time: datetime) -> bool:
        """Whether the expression means the minute of `time`."""
        day, weekday = time.day in self.days, time.isoweekday() % 7 in self.weekdays
        return (
            time.minute in self.minutes
            and time.hour in self.hours
            and time.month in self.months
            and (day or weekday if self.either_day else day and weekday)
        )

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last minute that is meant, later than `after` and not later than `until`."""
        minute = until.replace(second=0, microsecond=0)
        while minute > after:
            if self.matches(minute):
                return minute
            minute -= MINUTE
        return None


def _field(text: str, low: int, high: int) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _part(part, low, high))


def _part(text: str, low: int, high: int) -> range:
    span, _, step = text.partition("/")
    first, _, last = span.partition("-")
    if span == "*":
        start, end = low, high
    else:
        start = int(first)
        end = int(last) if last else high if step else start
    if not low <= start <= end <= high or (step and int(step) < 1):
        raise ValueError(f"{text!r} is not within {low} to {high}")
    return range(start, end + 1, int(step or 1))
