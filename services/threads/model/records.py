from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Record:
    """Something that a client keeps here: a body, and entries in order, all of them JSON."""

    id: str
    body: str
    entries: tuple[str, ...] = ()
    created: datetime | None = None
