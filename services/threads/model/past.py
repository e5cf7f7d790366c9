"""The recent past of a thread, as much of it as is kept with the thread itself."""

from dataclasses import dataclass

from services.threads.model.conversations import Exchange

# An exchange of less is rare, so a window holds no more turns than its budget has room for of this size.
SMALL_EXCHANGE_TOKENS = 100
MIN_TURNS = 4
MAX_TURNS = 64


@dataclass(frozen=True, slots=True)
class Past:
    """The last ended turns, newest first; those without an answer stand among them.

    `older` is how many tokens the one before them has at the least; None where none is before them.
    """

    exchanges: tuple[Exchange, ...] = ()
    older: int | None = None


def tokens_in(text: str) -> int:
    """An estimate that is cheap and errs on the high side for English: four bytes of UTF-8 a token."""
    return -(-len(text.encode()) // 4)


def tokens_of(exchange: Exchange) -> int:
    return tokens_in(exchange.question) + tokens_in(exchange.answer)


def turns_to_read(budget: int) -> int:
    """How many turns to look at for a window of `budget` tokens."""
    return min(max(budget // SMALL_EXCHANGE_TOKENS, MIN_TURNS), MAX_TURNS)
