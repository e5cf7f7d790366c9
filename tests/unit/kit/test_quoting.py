from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from kit.words.quotes import Said, place_of
from kit.words.terms import words as words_of

WORDS = st.sampled_from(["a", "b", "ab", "Ä", "é", "①", "x_y"])
TEXTS = st.lists(st.lists(WORDS, max_size=4).map(" ".join), max_size=5)


def place_by_counting(quote: Sequence[str], texts: Sequence[str]) -> range | None:
    owned = [(word, at) for at, text in enumerate(texts) for word in words_of(text)]
    for start in range(len(owned) - len(quote) + 1 if quote else 0):
        if [word for word, _ in owned[start : start + len(quote)]] == list(quote):
            return range(owned[start][1], owned[start + len(quote) - 1][1] + 1)
    return None


@given(st.lists(WORDS, max_size=4), TEXTS)
def test_a_quote_is_placed_where_its_words_stand_in_a_row(quote: list[str], texts: list[str]) -> None:
    words = words_of(" ".join(quote))
    expected = place_by_counting(words, texts)
    assert place_of(words, texts) == expected
    said = Said(texts)
    assert [said.place_of(words) for _ in range(2)] == [expected, expected]


def test_a_part_of_a_word_is_no_word() -> None:
    assert place_of(["wave"], ["waves", "a Wave"]) == range(1, 2)
    assert place_of(["ave", "is"], ["wave is"]) is None


def test_a_quote_may_run_over_several_texts_and_over_empty_ones() -> None:
    assert place_of(["one", "two"], ["", "so one", "...", "two", "three"]) == range(1, 4)
