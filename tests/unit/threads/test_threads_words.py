import unicodedata

import pytest

from kit.words.terms import terms_of_word
from services.threads.model.words import sought, turn_terms
from services.threads.service.snippets import Highlighter

# A turn, a query that finds it, and what is marked of it.
FOUND = [
    ("什么是共振？", "共振", "共振"),
    ("光是一种波。", "波", "波"),
    ("共鳴とは何ですか", "共鳴", "共鳴"),
    ("การสั่นพ้องคืออะไร", "สั่นพ้อง", "สั่นพ้อง"),
    ("ການສັ່ນສະເທືອນແມ່ນຫຍັງ", "ສະເທືອນ", "ສະເທືອນ"),
    ("អនុរណនៈជាអ្វី", "អនុរណនៈ", "អនុរណនៈ"),
    ("ပဲ့တင်ထပ်ခြင်းဆိုတာဘာလဲ", "ပဲ့တင်ထပ်", "ပဲ့တင်ထပ်"),
    ("공명은 무엇입니까", "공명이", "공명"),
    ("अनुनाद क्या है", "अनुनाद", "अनुनाद"),
    ("அதிர்வு என்றால் என்ன", "அதிர்வு", "அதிர்வு"),
    ("ما هو الرَّنِين", "الرنين", "الرَّنِين"),
    ("מהי תְּהוּדָה", "תהודה", "תְּהוּדָה"),
    ("Τι είναι ο συντονισμός", "ΣΥΝΤΟΝΙΣΜΟΣ", "συντονισμός"),
    ("Что такое резонанс", "резонанса", "резонанс"),
    ("Un résumé des ondes", "resume", "résumé"),
    ("Über Größen und Wellen", "grossen", "Größen"),
    ("To jest łąka i las", "laka", "łąka"),
    ("Waves carry energy", "wave", "Waves"),
    ("ﬁne detail", "fine", "ﬁne"),
]


@pytest.mark.parametrize(("text", "query", "marked"), FOUND, ids=[query for _, query, _ in FOUND])
@pytest.mark.parametrize("text_form", ["NFC", "NFD"])
@pytest.mark.parametrize("query_form", ["NFC", "NFD", "NFKC"])
def test_words_of_every_script_are_found_and_marked(
    text: str, query: str, marked: str, text_form: str, query_form: str
) -> None:
    text = unicodedata.normalize(text_form, text)  # type: ignore[arg-type]
    query = unicodedata.normalize(query_form, query)  # type: ignore[arg-type]
    assert sought(query).score(frozenset(turn_terms(text, ""))) > 0
    assert f"<mark>{unicodedata.normalize('NFC', marked)}</mark>" in Highlighter(query).snippet(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [("振动和共同的波", "共振"), ("ขอบคุณครับ", "สั่นพ้อง"), ("हिंदी में", "हद"), ("waves", "wax"), ("명공", "공명")],
)
def test_other_words_are_not_found(text: str, query: str) -> None:
    assert sought(query).score(frozenset(turn_terms(text, ""))) == 0


def test_common_words_are_looked_for_only_where_there_are_no_others() -> None:
    assert [run.text for run in sought("what is the resonance").runs] == ["resonance"]
    assert [run.text for run in sought("why").runs] == ["why"]


def test_a_turn_has_each_term_once_and_not_too_many() -> None:
    assert turn_terms("wave waves", "Wave") == ["wave"]
    assert len(turn_terms(" ".join(f"word{number}" for number in range(9000)), "")) == 4000


def test_of_a_long_answer_no_more_words_are_stemmed_than_are_kept() -> None:
    terms_of_word.cache_clear()
    turn_terms("", " ".join(f"word{number}" for number in range(90_000)))
    assert terms_of_word.cache_info().misses <= 4000
