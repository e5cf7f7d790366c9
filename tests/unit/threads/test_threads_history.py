from datetime import UTC, datetime

import pytest

from services.threads.model import (
    Answer,
    Exchange,
    Past,
    Question,
    Role,
    State,
    Turn,
    messages_of,
    tokens_in,
    turn_id,
    turns_to_read,
)
from services.threads.service.history import window, window_of
from services.threads.service.titles import title_of


def turn(number: int, question: str = "why?", answer: str = "because", state: State = State.COMPLETED) -> Turn:
    return Turn(
        f"t{number}", "x", "waves", number, Question(str(number), question), state, datetime.now(UTC), Answer(answer)
    )


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("波波", 2)])
def test_tokens_are_estimated_from_bytes(text: str, tokens: int) -> None:
    assert tokens_in(text) == tokens


def test_a_window_holds_the_newest_exchanges_that_fit_in_their_order() -> None:
    turns = [turn(3), turn(2), turn(1)]
    cost = tokens_in("why?") + tokens_in("because")
    assert [e.question for e in window(turns, 3 * cost)] == ["why?"] * 3
    assert len(window(turns, 3 * cost - 1)) == 2
    assert window([turn(2, "second?"), turn(1, "first?")], 1000)[0].question == "first?"
    assert window(turns, 0) == ()


def test_a_window_ends_at_the_first_exchange_that_does_not_fit() -> None:
    assert window([turn(3), turn(2, "q" * 4000), turn(1)], 100) == window([turn(3)], 100)


def test_a_window_leaves_out_what_was_not_answered_and_keeps_what_broke_off() -> None:
    turns = [turn(3, answer="", state=State.FAILED), turn(2, "half?", "so far", State.PARTIAL)]
    assert [exchange.answer for exchange in window(turns, 100)] == ["so far"]


@pytest.mark.parametrize(("budget", "turns"), [(0, 4), (1000, 10), (10**6, 64)])
def test_the_number_of_turns_to_read_is_bounded(budget: int, turns: int) -> None:
    assert turns_to_read(budget) == turns


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("  What is\n a wave? ", "What is a wave?"),
        ("wave " * 30, ("wave " * 15).strip() + "…"),
        ("x" * 100, "x" * 79 + "…"),
    ],
)
def test_a_title_is_the_beginning_of_the_question(question: str, title: str) -> None:
    assert title_of(question) == title


def test_messages_are_numbered_by_their_turn() -> None:
    question, answer = messages_of(turn(3))
    assert (question.sequence, question.role, question.text) == (5, Role.USER, "why?")
    assert (answer.sequence, answer.role, answer.text) == (6, Role.ASSISTANT, "because")
    assert len(messages_of(turn(3, state=State.RUNNING))) == 1


def test_a_request_makes_the_same_turn_in_its_thread_alone() -> None:
    assert turn_id("t1", "r1") == turn_id("t1", "r1")
    assert len({turn_id("t1", "r1"), turn_id("t2", "r1"), turn_id("t1", "r2")}) == 3


@pytest.mark.parametrize(
    ("older", "budget", "is_enough"),
    [(None, 1000, True), (1, 1000, False), (1, 3, True), (2000, 1000, True), (900, 1000, False)],
)
def test_a_kept_past_is_enough_where_nothing_before_it_would_fit(
    older: int | None, budget: int, is_enough: bool
) -> None:
    exchange = Exchange("why?", "because", "")
    assert window_of(Past((exchange,), older), budget) == ((exchange,) if is_enough else None)


def test_a_kept_past_is_enough_where_no_more_turns_would_be_read() -> None:
    past = Past((Exchange("why?", "because", ""),) * 20, older=1)
    kept = window_of(past, 1000)
    assert kept is not None
    assert len(kept) == turns_to_read(1000)
