"""Answers that were cut, and the turns that go on with them."""

from kit.auth.caller import Caller
from kit.errors import Conflict, FailedPrecondition, Reason
from services.gateway.model import Cut, Exchange, Turn
from services.gateway.ports import Threads

MOST_PARTS = 16


async def cut_answer(threads: Threads, caller: Caller, name: str) -> Cut:
    """What was said so far, from the turn that was asked first; raises where there is nothing to go on with."""
    turn = await _ended(threads, caller, name)
    if not turn.is_cut:
        raise FailedPrecondition("that answer was not cut: there is nothing to go on with", field="continues")
    answers = [turn.answer]
    while turn.continues:
        if len(answers) == MOST_PARTS:
            raise FailedPrecondition(f"an answer has at most {MOST_PARTS} parts", field="continues")
        turn = await _ended(threads, caller, turn.continues)
        answers.append(turn.answer)
    return Cut(turn, "".join(reversed(answers)))


def before(history: tuple[Exchange, ...], cut: Cut) -> tuple[Exchange, ...]:
    """What was said before a question whose answer is gone on with; nothing where it has left the history."""
    asked = Exchange(cut.turn.question, cut.turn.answer)
    return history[: history.index(asked)] if asked in history else ()


async def _ended(threads: Threads, caller: Caller, name: str) -> Turn:
    turn = (await threads.read(caller, name)).turn
    if not turn.state.ended:
        raise Conflict("that turn is still being answered", Reason.TURN_IN_PROGRESS, field="continues", retry_after=1)
    return turn
