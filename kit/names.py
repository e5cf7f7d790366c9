"""Resource names after AIP-122, such as `threads/{thread}/turns/{turn}`."""

import re
from functools import cache, lru_cache

from kit.errors import InvalidArgument

SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"


def parse(pattern: str, name: str, field: str = "name") -> dict[str, str]:
    """The variables of `pattern` in `name`; raises InvalidArgument that names `field`."""
    match = _compiled(pattern).fullmatch(name)
    if match is None:
        raise InvalidArgument(f"{field} must have the form {pattern}", field=field)
    return match.groupdict()


@lru_cache(4096)
def course_id(name: str, field: str = "course") -> str:
    """The last part of `courses/{course}`."""
    return parse("courses/{course}", name, field)["course"]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (f"(?P<{part[1:-1]}>{SEGMENT})" if part.startswith("{") else re.escape(part) for part in pattern.split("/"))
    return re.compile("/".join(parts))
