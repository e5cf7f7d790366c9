"""Where answers end on this side: before stop texts, and at their length."""

import pytest

from services.inference.service.ending import Ending


def ended(pieces: list[str], stops: tuple[str, ...] = (), most: int = 0) -> tuple[str, str]:
    ending = Ending(stops, most)
    return "".join([*map(ending.feed, pieces), ending.end()]), ending.reason


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("text", "stops", "shown", "reason"),
    [
        ("one two three", ("two",), "one ", "stop"),
        ("one two three", ("three", "wo"), "one t", "stop"),
        ("one tw", ("two",), "one tw", ""),
        ("one", ("o",), "", "stop"),
        ("one\n\ntwo", ("\n\n",), "one", "stop"),
        ("one", (), "one", ""),
    ],
)
def test_a_stop_text_ends_the_answer_however_it_comes(
    size: int, text: str, stops: tuple[str, ...], shown: str, reason: str
) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert ended(pieces, stops) == (shown, reason)


def test_nothing_of_a_stop_text_is_shown_before_it_is_whole() -> None:
    ending = Ending(("STOP",), 0)
    assert "".join(map(ending.feed, ["go ST", "O"])) == "go "
    assert (ending.feed("P and more"), ending.reason) == ("", "stop")
    assert ending.feed("never") == ""


def test_a_long_answer_is_cut_a_little_beyond_its_limit_and_a_short_one_is_not() -> None:
    text, reason = ended(["word "] * 200, most=20)
    assert reason == "length"
    assert 20 * 3.6 <= len(text) <= 20 * 3.6 * 1.3
    assert ended(["word "] * 10, most=20) == ("word " * 10, "")
