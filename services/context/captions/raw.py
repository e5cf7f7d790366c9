from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawCue:
    """A cue as it was written: its place in the source, and times that may be missing or wrong, in milliseconds."""

    place: str
    start: int | None
    end: int | None
    text: str
