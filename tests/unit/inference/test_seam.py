"""Continuations join what was said: nothing repeated, nothing missing."""

import pytest

from services.inference.service.seam import Seam


def joined(said: str, pieces: list[str], *, prefill: bool = False) -> str:
    seam = Seam(said, prefill=prefill)
    return said + "".join(seam.feed(piece) for piece in pieces) + seam.end()


@pytest.mark.parametrize(
    ("said", "pieces", "whole"),
    [
        ("A wave carries energy", ["wave carries energy", " along."], "A wave carries energy along."),
        ("A wave carries energy", ["energy", " along."], "A wave carries energy along."),
        ("A wave carries energy", [" along."], "A wave carries energy along."),
        ("A wave carries energy", ["along."], "A wave carries energy along."),
        ("A wave carries energy ", ["along."], "A wave carries energy along."),
        ("A wave carries ener", ["carries energy along."], "A wave carries energy along."),
        ("A wave carries ener", ["ener", "gy along."], "A wave carries energy along."),
        ("A wave carries energy", ["A wave", " carries", " energy", " along."], "A wave carries energy along."),
        ("A wave", [", which"], "A wave, which"),
        ("It is a", ["and so on"], "It is a and so on"),
        ("A wave carries energy.", ["carries energy."], "A wave carries energy."),
        ("", ["A wave"], "A wave"),
    ],
)
def test_a_chat_model_that_repeats_the_last_words(said: str, pieces: list[str], whole: str) -> None:
    assert joined(said, pieces) == whole


@pytest.mark.parametrize(
    ("said", "pieces", "whole"),
    [
        ("A wave carries ener", ["gy along."], "A wave carries energy along."),
        ("A wave", [" carries"], "A wave carries"),
    ],
)
def test_a_model_that_goes_on_at_the_last_character(said: str, pieces: list[str], whole: str) -> None:
    assert joined(said, pieces, prefill=True) == whole


def test_every_cut_of_an_answer_is_joined_whatever_is_repeated() -> None:
    words = [f"w{number:04d}" for number in range(1, 40)]
    text = " ".join(words)
    for cut in range(1, len(text)):
        last = text[:cut].count(" ")
        for again in range(4):
            first = max(0, last - again) if text[cut - 1] != " " else last
            pieces = [word if at == 0 else f" {word}" for at, word in enumerate(words[first:])]
            assert joined(text[:cut], pieces) == text, (text[:cut], pieces[:3])
