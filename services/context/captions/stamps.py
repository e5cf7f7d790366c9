"""Times as captions write them."""

import re

LONGEST = 100 * 3600 * 1000
_STAMP = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{1,2})(?:[.,:]([0-9]{1,3})[0-9]{0,6})?")


def milliseconds(stamp: str) -> int | None:
    """`hh:mm:ss.mmm`, hours and fraction optional, point or comma; None where it is no time."""
    match = _STAMP.fullmatch(stamp.strip()[:32])
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups()
    if int(seconds) > 59 or (hours and int(minutes) > 59):
        return None
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return within_reason(whole * 1000 + int((fraction or "0").ljust(3, "0")))


def within_reason(moment: int) -> int | None:
    """The moment, unless no video could have it."""
    return moment if 0 <= moment < LONGEST else None


def in_words(moment: int) -> str:
    """The moment as `h:mm:ss.mmm`, for messages."""
    seconds, rest = divmod(moment, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{rest:03}"
