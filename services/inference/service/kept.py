"""Whole answers, as they are kept and as they are told again."""

from collections.abc import Iterator, Sequence

from services.inference.model.generation import Delta, Event, Finish, Usage
from services.inference.ports import Answered

REPLAY_LENGTH = 240


def to_keep(events: Sequence[Event]) -> Answered | None:
    """The answer, if it is whole and came from a model."""
    finish = events[-1] if events else None
    if not isinstance(finish, Finish) or finish.finish_reason != "stop" or finish.cached:
        return None
    text = "".join(event.text for event in events if isinstance(event, Delta))
    return Answered(text, finish.provider, finish.model, finish.finish_reason, finish.policy)


def replayed(answer: Answered, heard: int) -> Iterator[Event]:
    """The answer as a stream that cost nothing, after so many characters that were heard before."""
    for start in range(heard, len(answer.text), REPLAY_LENGTH):
        yield Delta(answer.text[start : start + REPLAY_LENGTH])
    yield Finish(
        Usage(),
        answer.provider,
        answer.model,
        cached=True,
        finish_reason=answer.finish_reason,
        policy=answer.policy,
    )
