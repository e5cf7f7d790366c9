"""The events of a shared generation as entries of a log, and back."""

from dataclasses import asdict
from typing import Any

import orjson

from kit import errors
from kit.turnlog.ports import Entry
from services.inference.model.generation import Delta, Event, Finish, Notice, Usage

ERRORS = {kind.__name__: kind for kind in (errors.InvalidArgument, errors.Unavailable, errors.DeadlineExceeded)}


def log_name(flight: str, generation: int) -> str:
    return f"flight:{flight}:{generation}"


def entry_of(sequence: int, event: Event | errors.LecternError) -> Entry:
    """An error is the last entry, as a Finish is."""
    match event:
        case Delta(text):
            return Entry(sequence, orjson.dumps({"delta": text}))
        case Notice():
            return Entry(sequence, orjson.dumps({"notice": asdict(event)}))
        case Finish():
            return Entry(sequence, orjson.dumps({"finish": asdict(event)}), final=True)
    return Entry(sequence, orjson.dumps({"error": _described(event)}), final=True)


def event_of(entry: Entry) -> Event | errors.LecternError:
    record: dict[str, Any] = orjson.loads(entry.payload)
    match record:
        case {"delta": text}:
            return Delta(text)
        case {"notice": notice}:
            return Notice(**notice)
        case {"finish": finish}:
            return Finish(**{**finish, "usage": Usage(**finish["usage"])})
    return _restored(record["error"])


def _described(error: errors.LecternError) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "reason": error.reason.value,
        "retry_after": error.retry_after,
        "metadata": error.metadata,
    }


def _restored(error: dict[str, Any]) -> errors.LecternError:
    kind = ERRORS.get(error["kind"], errors.Internal)
    more = {name: error[name] for name in ("retry_after", "metadata") if name in error}
    return kind(error["message"], errors.Reason(error["reason"]), **more)
