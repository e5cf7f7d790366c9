"""The recent past of a thread, as much of it as a prompt has room for."""

from collections.abc import Iterable
from itertools import islice

from services.threads.model import Exchange, Past, Turn, tokens_of, turns_to_read


def window(newest_first: Iterable[Turn], budget: int) -> tuple[Exchange, ...]:
    """Answered exchanges, newest first until the budget is spent, then in their order."""
    chosen, _ = _chosen(map(exchange_of, newest_first), budget)
    return chosen


def window_of(past: Past, budget: int) -> tuple[Exchange, ...] | None:
    """The window of `budget` tokens; None where it may begin before what is kept of the past."""
    turns = turns_to_read(budget)
    chosen, left = _chosen(islice(past.exchanges, turns), budget)
    ends_within = past.older is None or left < past.older or len(past.exchanges) >= turns
    return chosen if ends_within else None


def exchange_of(turn: Turn) -> Exchange:
    return Exchange(turn.question.text, turn.answer.text, turn.question.video_url)


def _chosen(newest_first: Iterable[Exchange], budget: int) -> tuple[tuple[Exchange, ...], int]:
    """The exchanges that fit, oldest first, and what is left of the budget: less than nothing where one did not."""
    chosen: list[Exchange] = []
    for exchange in newest_first:
        if not exchange.answer:
            continue
        budget -= tokens_of(exchange)
        if budget < 0:
            break
        chosen.append(exchange)
    return tuple(reversed(chosen)), budget
