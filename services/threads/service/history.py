"""The recent past of a thread, as much of it as a prompt has room for."""

from collections.abc import Iterable

from services.threads.model import Exchange, Turn

# An exchange of less is rare, so a window holds no more turns than its budget has room for of this size.
SMALL_EXCHANGE_TOKENS = 100
MIN_TURNS = 4
MAX_TURNS = 64


def tokens_in(text: str) -> int:
    """An estimate that is cheap and errs on the high side for English: four bytes of UTF-8 a token."""
    return -(-len(text.encode()) // 4)


def turns_to_read(budget: int) -> int:
    """How many turns to look at for a window of `budget` tokens."""
    return min(max(budget // SMALL_EXCHANGE_TOKENS, MIN_TURNS), MAX_TURNS)


def window(newest_first: Iterable[Turn], budget: int) -> tuple[Exchange, ...]:
    """Answered exchanges, newest first until the budget is spent, then in their order."""
    chosen: list[Exchange] = []
    for turn in newest_first:
        if not turn.answer.text:
            continue
        budget -= tokens_in(turn.question.text) + tokens_in(turn.answer.text)
        if budget < 0:
            break
        chosen.append(Exchange(turn.question.text, turn.answer.text, turn.question.video_url))
    return tuple(reversed(chosen))
