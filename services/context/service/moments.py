from datetime import UTC, datetime


def moment_now() -> datetime:
    """The time in whole milliseconds, as databases keep it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
