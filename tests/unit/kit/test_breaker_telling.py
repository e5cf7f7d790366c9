"""What is told of a breaker that changes: a figure for those who look, a line for those who read."""

from structlog.testing import capture_logs

from kit.breaker.memory import MemoryBoard
from kit.breaker.metrics import NUMBERS
from kit.breaker.model import Rule, Standing, State


async def test_its_changes_are_a_figure_and_a_line_each() -> None:
    now = [0.0]
    board = MemoryBoard(Rule(minimum=2, open_for=60), lambda: now[0])
    assert NUMBERS[board.state("openai:0")] == 0
    with capture_logs() as lines:
        await board.failed("openai:0")
        await board.failed("openai:0")
        assert NUMBERS[board.state("openai:0")] == 2
        now[0] = 61
        assert NUMBERS[board.state("openai:0")] == 1
        await board.succeeded("openai:0")
        assert NUMBERS[board.state("openai:0")] == 0
    assert [(line["event"], line["breaker"], line["log_level"]) for line in lines] == [
        ("breaker_opened", "openai:0", "warning"),
        ("breaker_closed", "openai:0", "info"),
    ]
    assert lines[0]["error"] == "2 of 2 calls failed"


def test_what_others_have_seen_is_told_once() -> None:
    board = MemoryBoard(Rule(), lambda: 0.0)
    with capture_logs() as lines:
        for state in (State.OPEN, State.OPEN, State.CLOSED, State.CLOSED):
            board.adopt("openai:0", Standing(state, opens_in=30 if state is State.OPEN else 0))
    assert [line["event"] for line in lines] == ["breaker_opened", "breaker_closed"]
