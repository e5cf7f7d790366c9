from dataclasses import dataclass, field

from kit.jobs.model import Job


@dataclass
class MemoryDatabase:
    """What the in-memory stores share."""

    jobs: dict[str, Job] = field(default_factory=dict)
