import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.words.languages import UNKNOWN, language_of
from kit.words.terms import terms
from services.context.retrieval.bm25 import K1, B, Bm25
from services.context.retrieval.emphasis import Emphasis
from services.context.retrieval.fusion import by_rank, by_share, fuse
from services.context.retrieval.question_words import without_question_words
from services.context.retrieval.settling import settled
from services.context.retrieval.vectors import ranking
from services.context.service.search import fused


def test_bm25_scores_as_its_formula_says() -> None:
    documents = [["wave", "wave", "air"], ["string"], ["air", "pipe"]]
    scores = Bm25(documents).scores(["wave", "air", "nowhere"])

    def weight(holders: int, frequency: int, length: int) -> float:
        idf = math.log(1 + (3 - holders + 0.5) / (holders + 0.5))
        return idf * frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * length / 2))

    assert scores == pytest.approx([weight(1, 2, 3) + weight(2, 1, 3), 0, weight(2, 1, 2)], rel=1e-5)


def test_bm25_of_nothing_finds_nothing() -> None:
    assert Bm25([]).scores(["a"]).shape == (0,)
    assert Bm25([[], []]).scores(["a"]).tolist() == [0, 0]


def test_terms_are_folded_and_stemmed() -> None:
    assert terms("Waves, WAVING's Straße", "english") == terms("wave waving strasse", "english")
    assert terms("Wellen", "german") == terms("Welle", "german")
    assert terms("café", "") == terms("CAFE", "")
    assert terms("ｆｕｌｌ width", "") == ["full", "width"]


def test_words_without_spaces_between_them_become_pairs() -> None:
    assert terms("音波です", "") == ["音波", "波で", "です"]
    assert terms("音 wave", "english") == ["音", "wave"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the speed of sound in the air, and why?", "english"),
        ("Was ist die Geschwindigkeit und warum ist sie nicht gleich?", "german"),
        ("Quelle est la vitesse du son dans les airs et pourquoi ?", "french"),
        ("¿Cuál es la velocidad del sonido y por qué?", "spanish"),
        ("Что такое волна?", "russian"),
        ("ما هي الموجة", "arabic"),
        ("Τι είναι κύμα", "greek"),
        ("12345 %%%", UNKNOWN),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert language_of(text) == language


def test_fusion_prefers_what_both_rankings_have() -> None:
    scores = fuse(4, by_rank([3, 1, 2]), by_rank([2, 3]))
    assert ranking(scores, 0, 4).tolist() == [3, 2, 1]
    assert fuse(3, by_rank([]), by_share(ranking(np.zeros(3), 0, 3), np.zeros(3))).tolist() == [0, 0, 0]


def test_a_word_that_one_passage_alone_has_outweighs_what_vectors_guess() -> None:
    words = np.array([0.1, 8.0, 0.1, 0.1])
    scores = fuse(4, by_share(ranking(words, 0, 4), words), by_rank([3, 2, 0, 1]))
    assert scores.argmax() == 1


def test_a_passage_that_waits_for_its_vector_keeps_its_place_among_those_that_have_theirs() -> None:
    words = np.array([8.0, 2.0, 1.0, 0.5])
    assert fused(words, [1, 2, 3], unembedded=frozenset({0})).argmax() == 0
    assert fused(words, [1, 2, 3]).argmax() == 1
    assert ranking(fused(words, [], unembedded=frozenset(range(4))), 0, 4).tolist() == [0, 1, 2, 3]


@given(st.lists(st.integers(-3, 3), max_size=30), st.integers(1, 8))
def test_the_best_rows_are_those_of_a_stable_sort(values: list[int], limit: int) -> None:
    above = [row for row in sorted(range(len(values)), key=lambda row: -values[row]) if values[row] > 0]
    assert ranking(np.array(values, dtype=np.float64), 0, limit).tolist() == above[:limit]


COURSE = Bm25(
    [
        *(["the", "wave", "goes", "on", f"word{n}"] for n in range(8)),
        ["the", "hertz", "counts", "cycles"],
        ["the", "octave", "doubles", "the", "hertz"],
    ]
)


def test_numbers_that_stand_nowhere_do_not_keep_words_from_settling() -> None:
    assert COURSE.matched(["hertz", "17", "ab12cd"]).shares == pytest.approx(COURSE.matched(["hertz"]).shares)


def test_shares_are_of_the_weight_of_all_that_is_asked() -> None:
    def idf(holders: int) -> float:
        return math.log(1 + (10 - holders + 0.5) / (holders + 0.5))

    shares = COURSE.matched(["hertz", "octave", "unheard"]).shares
    whole = idf(2) + idf(1) + idf(0)
    assert shares == pytest.approx([0] * 8 + [idf(2) / whole, (idf(2) + idf(1)) / whole])


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["the", "octave", "doubles", "hertz"], True),
        (["the", "octave", "unheard"], False),  # most of the question stands nowhere
        (["the", "wave"], False),  # as many hold it as do not
        (["unheard"], False),
        ([], False),
    ],
)
def test_words_settle_what_a_few_passages_say_most_of(terms: list[str], expected: bool) -> None:
    assert settled(COURSE.matched(terms)) is expected


def test_words_settle_nothing_where_there_are_no_passages() -> None:
    assert not settled(Bm25([]).matched(["a"]))


TEASER = ["what", "happens", "next", "time", "resonance"]
LOUDNESS = [*(["loud", "sound", str(n)] for n in range(9)), TEASER]
RESONANCE = [
    ["hello"],
    ["resonance", "is", "this"],
    *(["a", "resonance", "in", "pipe", str(n)] for n in range(5)),
    ["end"],
]
OWNERS = [0] * len(LOUDNESS) + [1] * len(RESONANCE)


def lifts(query: list[str], titles: tuple[list[str], list[str]] = ([], [])) -> list[float]:
    words = Bm25([*LOUDNESS, *RESONANCE])
    found: list[float] = Emphasis(OWNERS, titles).lifts(words.held(query)).tolist()
    return found


def test_the_lecture_that_speaks_of_a_word_all_along_is_lifted_over_the_teaser_of_the_one_before_it() -> None:
    """Both passages hold it once: what tells them apart is what stands around them."""
    teaser, explained = LOUDNESS.index(TEASER), len(LOUDNESS) + 1
    found = lifts(["resonance"])
    assert found[explained] > 1.2 * found[teaser]
    assert lifts(["resonance"], (["loud"], ["resonance"]))[explained] > found[explained]


def test_where_a_word_comes_first_it_is_explained() -> None:
    found = lifts(["resonance"])
    first, second, third = (found[len(LOUDNESS) + at] for at in (1, 2, 3))
    assert first == second > third


def test_words_that_nobody_says_lift_nothing() -> None:
    assert set(lifts(["cheese"])) == {1.0}
    assert Emphasis([], []).lifts([]).tolist() == []


def test_words_that_questions_are_put_in_name_nothing() -> None:
    assert without_question_words("What is resonance?").split() == ["resonance?"]
    assert without_question_words("Was ist die Resonanz").split() == ["resonanz"]
