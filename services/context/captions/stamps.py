"""Times as captions write them."""

import re
import unicodedata

LONGEST = 100 * 3600 * 1000
LONGEST_STAMP = 48
# Nobody speaks as slowly: fewer letters than this to a second are milliseconds that were taken for seconds.
SLOWEST = 0.2
# Of a fraction the first three digits count; a float's tail behind them means nothing.
STAMP = (
    r"-?(?:[0-9]{1,3}\s?:\s?)?-?[0-9]{1,3}\s?:\s?-?[0-9]{1,2}"
    r"(?:\s?[.,:]\s?-?[0-9]{1,20}(?:[.,][0-9]{1,20})?(?:e-?[0-9]{1,3})?)?"
)
_STAMP = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{1,2})(?:[.,:]([0-9]{1,20})(?:[.,][0-9]{1,20})?)?")
_SECONDS = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,20}))?")


def milliseconds(stamp: str) -> int | None:
    """`hh:mm:ss.mmm`, hours and fraction optional, point or comma; None where it is no time. Before zero is zero."""
    stamp = plain_digits(stamp[:LONGEST_STAMP]).replace(" ", "").lower().partition("e")[0]
    match = _STAMP.fullmatch(stamp.replace("-", ""))
    if match is None:
        return None
    if "-" in stamp:
        return 0
    hours, minutes, seconds, fraction = match.groups()
    # Sixty is what rounding makes of fifty-nine and a half.
    if int(seconds) > 60 or (hours and int(minutes) > 60):
        return None
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return within_reason(whole * 1000 + _thousandths(fraction))


def seconds_in(stamp: str) -> int | None:
    """Milliseconds of `12.5`; None where it is no number of seconds."""
    match = _SECONDS.fullmatch(stamp.strip()[:LONGEST_STAMP])
    if match is None:
        return None
    return within_reason(int(match[1]) * 1000 + _thousandths(match[2]))


def within_reason(moment: int) -> int | None:
    """The moment, unless no video could have it."""
    return moment if 0 <= moment < LONGEST else None


def is_too_slow(letters: int, length: int) -> bool:
    """Whether so many letters in whole numbers of that sum are none of seconds, but of milliseconds."""
    return letters < SLOWEST * length


def in_words(moment: int) -> str:
    """The moment as `h:mm:ss.mmm`, for messages."""
    seconds, rest = divmod(moment, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{rest:03}"


def plain_digits(written: str) -> str:
    """Digits and colons of other scripts and widths as ASCII has them, as translators write stamps."""
    if written.isascii():
        return written.strip()
    narrow = unicodedata.normalize("NFKC", written).strip()
    return "".join(str(unicodedata.digit(letter, letter)) for letter in narrow)


def _thousandths(fraction: str | None) -> int:
    """Of `,1000` too, which is a second that was rounded up."""
    return 1000 if fraction == "1000" else int((fraction or "0")[:3].ljust(3, "0"))
