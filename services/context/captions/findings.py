from kit.errors import InvalidArgument, Reason

MOST_WARNINGS = 100


class Findings:
    """What was repaired while captions were read, each with its place, up to a bound."""

    def __init__(self) -> None:
        self._warnings: list[str] = []
        self._left_out = 0

    def note(self, place: str, repair: str) -> None:
        if len(self._warnings) < MOST_WARNINGS:
            self._warnings.append(f"{place}: {repair}")
        else:
            self._left_out += 1

    @property
    def warnings(self) -> tuple[str, ...]:
        rest = (f"and {self._left_out} more repairs",) if self._left_out else ()
        return (*self._warnings, *rest)


def line(number: int) -> str:
    """The place of a finding, counted from 1."""
    return f"line {number}"


def refused(place: str, problem: str) -> InvalidArgument:
    """The error of captions that cannot be read."""
    return InvalidArgument(
        f"{place}: {problem}", Reason.TRANSCRIPT_INVALID, field="transcript", metadata={"place": place}
    )
