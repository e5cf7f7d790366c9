"""Controls of queues that show at once."""

from collections.abc import Mapping
from datetime import datetime

from kit.auth.caller import Caller
from kit.jobs.controls import ControlFields, QueueChange, QueueControl
from kit.jobs.policies import Queue
from kit.jobs.ports import QueueControls, Signal, Signals, Topic


class SignalledControls:
    """Controls whose changes the dispatcher hears of at once; without a signal it sees them when it looks again."""

    def __init__(self, controls: QueueControls, signals: Signals) -> None:
        self._controls = controls
        self._signals = signals

    async def controls(self) -> Mapping[str, QueueControl]:
        return await self._controls.controls()

    async def change(self, queue: Queue, fields: ControlFields, caller: Caller, etag: str = "") -> QueueControl:
        control = await self._controls.change(queue, fields, caller, etag)
        await self._signals.send(Signal(Topic.RULES))
        return control

    async def changes(self, queue: str, limit: int, after: tuple[datetime, str] | None = None) -> list[QueueChange]:
        return await self._controls.changes(queue, limit, after)
