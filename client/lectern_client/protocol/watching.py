"""Threads and jobs, watched."""

from collections.abc import Iterable

from lectern_client.errors import LecternError, StreamInterrupted
from lectern_client.model.jobs import Job
from lectern_client.model.threads import Thread, ThreadDeleted, ThreadEvent, ThreadUpdated, TurnProgress
from lectern_client.protocol.calls import Json
from lectern_client.protocol.requests import Request, resource, stream
from lectern_client.protocol.turns import event_of
from lectern_client.protocol.wire import decode


class ThreadStream:
    """What happens in a thread. After a break, running turns are read on; what ended meanwhile is in messages."""

    def __init__(self, thread: str) -> None:
        self._name = resource("threads", thread)
        self._sequences: dict[str, int] = {}
        self.ended = False

    def request(self) -> Request:
        return stream(f"/v1/{self._name}:watch")

    def take(self, data: Json) -> Iterable[ThreadEvent]:
        if "turnEvent" in data:
            return self._progress(data["turnEvent"])
        if "threadUpdated" in data:
            return (ThreadUpdated(decode(Thread, data["threadUpdated"])),)
        if "threadDeleted" in data:
            self.ended = True
            return (ThreadDeleted(),)
        return ()

    def interrupted(self, trouble: LecternError) -> LecternError:
        return StreamInterrupted(f"{self._name} can't be watched any more: {trouble}")

    def _progress(self, data: Json) -> Iterable[TurnProgress]:
        turn, event = data.get("turn", ""), event_of(data.get("event", {}))
        if event is None or event.sequence <= self._sequences.get(turn, 0):
            return ()
        self._sequences[turn] = event.sequence
        return (TurnProgress(turn, event),)


class JobStream:
    """A job each time that it has changed, until it has ended."""

    def __init__(self, job: str) -> None:
        self._name = resource("jobs", job)
        self._last: Job | None = None

    @property
    def ended(self) -> bool:
        return self._last is not None and self._last.state.ended

    def request(self) -> Request:
        return stream(f"/v1/{self._name}:watch")

    def take(self, data: Json) -> Iterable[Job]:
        job = decode(Job, data)
        if job == self._last:
            return ()
        self._last = job
        return (job,)

    def interrupted(self, trouble: LecternError) -> LecternError:
        return StreamInterrupted(f"{self._name} can't be watched any more: {trouble}")
