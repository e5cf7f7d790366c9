import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.threads.service.snippets import Highlighter


@pytest.mark.parametrize(
    ("query", "text", "snippet"),
    [
        ("wave", "A wave carries Waves.", "A <mark>wave</mark> carries <mark>Waves</mark>."),
        ("naive", "Naïve waves", "<mark>Naïve</mark> waves"),
        ("b", "<b>bold</b> & b", "&lt;<mark>b</mark>&gt;bold&lt;/<mark>b</mark>&gt; &amp; <mark>b</mark>"),
        ("nothing", "no find <here>", "no find &lt;here&gt;"),
    ],
)
def test_finds_are_marked_and_all_else_is_escaped(query: str, text: str, snippet: str) -> None:
    assert Highlighter(query).snippet(text) == snippet


def test_a_long_text_is_cut_around_the_first_find() -> None:
    text = "before " * 100 + "resonance " + "after " * 100
    snippet = Highlighter("resonance").snippet(text)
    assert "<mark>resonance</mark>" in snippet
    assert snippet.startswith("…before")
    assert snippet.endswith("after…")
    assert len(snippet) < 300


def test_different_words_are_counted_once() -> None:
    assert Highlighter("wave frequency pitch").count_in("Waves and waves of a frequency") == 2


@given(st.text(max_size=400), st.text(min_size=1, max_size=20))
def test_a_snippet_is_never_anything_but_marks_and_escaped_text(text: str, query: str) -> None:
    snippet, text = Highlighter(query).snippet(text), unicodedata.normalize("NFC", text)
    bare = re.sub(r"</?mark>", "", snippet)
    assert "<" not in bare
    assert html.unescape(bare).strip("…") in text or text.strip("…") in html.unescape(bare)
