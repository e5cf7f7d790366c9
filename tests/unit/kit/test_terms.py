import unicodedata

import pytest

from kit.words.languages import language_of
from kit.words.terms import terms, words


@pytest.mark.parametrize(
    ("text", "query", "language"),
    [
        ("यह कोशिका की झिल्ली है", "कोशिका", "hindi"),
        ("기공에서는 물을 잃는다", "기공", "korean"),
        ("식물은 물을 마신다", "물", "korean"),
        ("今天我们讨论共振的原理", "共振", "chinese"),
        ("วันนี้เราพูดถึงการสั่นพ้อง", "สั่นพ้อง", "thai"),
        ("כִּתָּה", "כתה", "hebrew"),
        ("الكَهْرَباء", "الكهرباء", "arabic"),
        ("Łódź leży nad łąką", "lodz", "polish"),
        ("Mein Résumé", "resume", ""),
        ("Größen", "GRÖSSEN", "german"),
        ("ﬁlter", "filter", "english"),
    ],
)
def test_a_word_is_found_in_its_script(text: str, query: str, language: str) -> None:
    assert set(terms(query, language)) <= set(terms(text, language))


@pytest.mark.parametrize("text", ["Résumé größer", "कि का", "한국어 문장", "が ガ", "Ålesund"])
def test_composed_and_decomposed_letters_are_the_same(text: str) -> None:
    assert terms(unicodedata.normalize("NFD", text), "") == terms(unicodedata.normalize("NFC", text), "")


def test_vowel_signs_tell_words_apart() -> None:
    assert terms("दान", "") != terms("दिन", "")
    assert terms("कि", "") != terms("का", "")


def test_words_without_spaces_stand_letter_by_letter() -> None:
    assert words("图像 Fourier 变换") == ["图", "像", "fourier", "变", "换"]
    assert words("It's l’eau") == ["it", "s", "l", "eau"]


@pytest.mark.parametrize(
    ("text", "likely", "language"),
    [
        ("A wave carries energy from place to place", "english", "english"),
        ("La energía de los sonidos se pierde por el camino, pero no para todos", "english", "spanish"),
        ("Eine Welle trägt Energie und keine Materie", "english", "german"),
        ("共振", "english", "chinese"),
        ("Resonanz", "german", "german"),
        ("Resonance", "", ""),
    ],
)
def test_a_short_text_is_in_the_likely_language_unless_it_says_otherwise(text: str, likely: str, language: str) -> None:
    assert language_of(text, likely) == language
