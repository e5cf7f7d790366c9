from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.words.scripts import tokens
from kit.words.sentences import LONGEST, sentences
from services.context.captions.model import Format
from services.context.captions.reading import read
from services.context.model import Cue
from services.context.passages.cutting import TARGET, joined, passages
from tests.captions import hour_of_captions, spoken_in


def split(text: str) -> list[str]:
    return [text[span.start : span.end].strip() for span in sentences(text, [])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four…", ["One.", "Two!", "Three?", "Four…"]),
        (
            "Pi is 3.14 or so. Dr. Smith said e.g. this. Yes.",
            ["Pi is 3.14 or so.", "Dr. Smith said e.g. this.", "Yes."],
        ),
        ("Das ist z.B. so. J. S. Bach lebte.", ["Das ist z.B. so.", "J. S. Bach lebte."]),
        ('He said "Stop." Then left.', ['He said "Stop."', "Then left."]),
        ("¿Qué es? ¡Una ola! Sí.", ["¿Qué es?", "¡Una ola!", "Sí."]),
        ("波とは何か。それは動きです。", ["波とは何か。", "それは動きです。"]),
        ("ما هي الموجة؟ هي حركة۔ نعم", ["ما هي الموجة؟", "هي حركة۔", "نعم"]),
        ("तरंग क्या है। यह गति है।", ["तरंग क्या है।", "यह गति है।"]),
    ],
)
def test_sentences_end_where_their_language_ends_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_without_any_punctuation_sentences_end_where_cues_do() -> None:
    cues = [Cue(n * 1000, n * 1000 + 900, f"word{n} and some more of them") for n in range(100)]
    spoken = joined(cues)
    spans = list(sentences(spoken.text, spoken.starts))
    assert all(span.start in spoken.starts for span in spans)
    assert all(len(span) <= LONGEST for span in spans)


def test_passages_are_whole_sentences_with_the_times_of_their_cues() -> None:
    cues = read(hour_of_captions()).cues
    pieces = passages("waves", "u", cues)
    for piece in pieces[:-1]:
        assert 100 <= len(piece.text.split()) <= 190
        assert piece.text.endswith(".")
    for piece in pieces:
        assert piece.start == piece.cues[0].start
        assert piece.end == piece.cues[-1].end
        assert piece.text == " ".join(cue.text for cue in piece.cues)
    for before, after in pairwise(pieces):
        assert 1 <= len(set(before.cues) & set(after.cues)) <= 2
    assert {cue.text for piece in pieces for cue in piece.cues} == {spoken_in(n) for n in range(1, 1201)}


def test_ids_are_unique_and_change_with_what_they_stand_for() -> None:
    cues = read(hour_of_captions()).cues
    ids = [piece.id for piece in passages("waves", "u", cues)]
    assert len(set(ids)) == len(ids)
    assert ids == [piece.id for piece in passages("waves", "u", cues)]
    assert not set(ids) & {piece.id for piece in passages("waves", "other", cues)}
    assert not set(ids) & {piece.id for piece in passages("other", "u", cues)}
    edited = [*cues[:600], Cue(cues[600].start, cues[600].end, "Something else."), *cues[601:]]
    renewed = [piece.id for piece in passages("waves", "u", edited)]
    assert renewed[:40] == ids[:40]
    assert renewed != ids


def test_repeated_text_without_times_has_ids_of_its_own() -> None:
    cues = read("\n\n".join(["The same sentence again and again. " * 30] * 5), Format.TEXT).cues
    ids = [piece.id for piece in passages("waves", "u", cues)]
    assert len(ids) == len(set(ids)) > 3


def test_scripts_without_spaces_are_joined_without_them() -> None:
    cues = [Cue(0, 1000, "波とは"), Cue(1000, 2000, "動きです。"), Cue(2000, 3000, "終わり")]
    assert joined(cues).text.strip() == "波とは動きです。終わり"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=300), max_size=30)
)
def test_passages_keep_every_word_and_stay_short(texts: list[str]) -> None:
    words = [" ".join(text.split()) for text in texts]
    cues = [Cue(n * 1000, n * 1000 + 1000, text) for n, text in enumerate(words) if text]
    pieces = passages("waves", "u", cues)
    assert all(0 < len(piece.text) <= TARGET + LONGEST for piece in pieces)
    assert {cue for piece in pieces for cue in piece.cues} == set(cues)
    kept = "".join("".join(piece.text.split()) for piece in pieces)
    assert all(letter in kept for cue in cues for letter in "".join(cue.text.split()))


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("A wave carries energy, not matter.", 8, 14),
        ("波はエネルギーを運びます", 8, 16),
        ("Волна переносит энергию.", 8, 24),
    ],
)
def test_tokens_are_estimated_rather_too_many_than_too_few(text: str, least: int, most: int) -> None:
    assert least <= tokens(text) <= most
