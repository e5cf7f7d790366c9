import uuid
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.model import Cue, Passage
from services.gateway.support.citations import candidates, cited

CUES = (
    Cue(10.0, 13.0, "A wave is a disturbance that travels."),
    Cue(13.0, 16.5, "It carries energy from place to place,"),
    Cue(16.5, 19.0, "but it does not carry matter along."),
    Cue(19.0, 23.0, "Frequency counts cycles each second;"),
    Cue(23.0, 26.0, "its unit is the hertz."),
)
WAVES = Passage("w", " ".join(c.text for c in CUES), "Waves", "https://v/1", 10.0, 26.0, cues=CUES)
NOTES = Passage("n", "Resonance grows when a push meets the natural frequency.", "Notes", document="d", page=4)


def test_a_marker_is_set_to_the_seconds_that_say_it() -> None:
    (citation,) = cited("The unit of frequency is the hertz [1].", "unit?", [WAVES, NOTES])
    assert (citation.index, citation.verified) == (1, False)
    assert citation.start is not None
    assert citation.end == 26.0
    assert "hertz" in citation.quote


def test_a_marker_after_the_full_stop_belongs_to_the_sentence_before() -> None:
    first, second = cited("Pushes add up. [2] Waves carry energy. [1]", "q", [WAVES, NOTES])
    assert (first.document, first.page, first.index) == ("d", 4, 2)
    assert "energy" in second.quote


def test_several_numbers_in_one_marker_are_several_citations() -> None:
    assert [c.index for c in cited("Both say so [1, 2].", "q", [WAVES, NOTES])] == [1, 2]


def test_a_number_that_no_source_has_is_left_out() -> None:
    assert [c.index for c in cited("So it is [7] and [1].", "q", [WAVES])] == [1]


def test_a_quote_is_found_across_cues_whatever_its_case_space_and_punctuation() -> None:
    found = cited("The lecture says “Energy from PLACE to place — but it does not carry matter”.", "q", [WAVES])
    quoted = found[0]
    assert (quoted.start, quoted.end, quoted.verified) == (13.0, 19.0, True)


def test_a_quote_that_no_source_has_is_left_out() -> None:
    found = cited('It says "waves are made of tiny invisible horses" [1].', "q", [WAVES])
    assert all("horses" not in citation.quote for citation in found)


def test_an_answer_without_citations_gets_the_nearest_places() -> None:
    found = cited("Frequency is measured in hertz.", "Which unit is frequency measured in?", [WAVES, NOTES])
    assert found[0].video_url == "https://v/1"
    assert "hertz" in found[0].quote
    assert {citation.index for citation in found} == {0}


def test_without_sources_there_are_no_citations() -> None:
    assert cited("Anything [1].", "q", []) == ()
    assert candidates([]) == ()


def test_candidates_are_numbered_and_short() -> None:
    long = Passage("l", "word " * 400, "Long", "https://v/2", 0.0, 90.0)
    first, second = candidates([WAVES, long])
    assert (first.index, second.index) == (1, 2)
    assert len(second.quote) <= 280


WORDS = st.sampled_from(["waves", "carry", "energy", "from", "place", "hertz", "unit", "the", "of"])
SAID = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
SPOKEN = st.lists(SAID, max_size=6).map(
    lambda texts: tuple(Cue(float(at), at + 1.0, text) for at, text in enumerate(texts))
)
# Two ids alone, so that passages under one id differ, as those do that were cut for one question.
PASSAGES = st.builds(Passage, st.sampled_from("ab"), SAID, cues=SPOKEN)
ANSWERS = st.lists(
    st.one_of(SAID, SAID.map("“{}”".format), st.sampled_from(["[1].", "[2]", "[1, 3]", "."])), max_size=8
).map(" ".join)


@given(ANSWERS, SAID, st.lists(PASSAGES, max_size=4))
def test_what_is_kept_of_passages_changes_no_citation(answer: str, question: str, passages: list[Passage]) -> None:
    unknown = [replace(passage, id=uuid.uuid4().hex) for passage in passages]
    assert cited(answer, question, passages) == cited(answer, question, unknown)
    assert candidates(passages) == candidates(unknown)
