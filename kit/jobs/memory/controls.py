"""What operators set of queues, in memory."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from kit.auth.caller import Caller
from kit.jobs.controls import ControlFields, QueueChange, QueueControl, standing_of
from kit.jobs.policies import Queue


class MemoryQueueControls:
    """The controls and their record, for as long as the process lives."""

    def __init__(self) -> None:
        self._controls: dict[str, QueueControl] = {}
        self._changes: list[QueueChange] = []

    async def controls(self) -> Mapping[str, QueueControl]:
        return dict(self._controls)

    async def change(self, queue: Queue, fields: ControlFields, caller: Caller, etag: str = "") -> QueueControl:
        before = self._controls.get(queue.name, QueueControl())
        before.checked(etag)
        after = before.edited(fields, datetime.now(UTC))
        if after is not before and after.changed is not None:
            self._controls[queue.name] = after
            standings = standing_of(queue, before), standing_of(queue, after)
            change = QueueChange(uuid.uuid4().hex, queue.name, after.changed, caller.tenant, caller.user, *standings)
            self._changes.append(change)
        return after

    async def changes(self, queue: str, limit: int, after: tuple[datetime, str] | None = None) -> list[QueueChange]:
        found = [
            each for each in self._changes if each.queue == queue and (after is None or (each.at, each.id) < after)
        ]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[:limit]
