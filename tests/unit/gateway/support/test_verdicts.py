import numpy as np
import pytest

from services.gateway.model import Cue, Passage, Support
from services.gateway.support.claims import is_claim
from services.gateway.support.clauses import clauses, joined
from services.gateway.support.sources import Source
from services.gateway.support.verdicts import by_meaning, by_words


def source(*cues: str) -> Source:
    spoken = tuple(Cue(10.0 * at, 10.0 * at + 9.0, text) for at, text in enumerate(cues))
    return Source(Passage("p", " ".join(cues), "Lecture", "https://v/1", 0.0, 60.0, cues=spoken))


BRIDGE = source(
    "Resonance is when a push arrives in step with a swing.",
    "The bridge near the city fell in 1940 after four hours of wind.",
    "It does not take much wind, but it has to come at the right moment.",
    "With little damping you get a tall, narrow peak.",
)


def verdict(sentence: str, spoken: Source = BRIDGE, language: str = "english") -> tuple[Support, int | None]:
    found = by_words(joined(clauses(sentence, language)), spoken)
    return found.support, found.stretch.first if found.stretch else None


@pytest.mark.parametrize(
    ("sentence", "cue"),
    [
        ("Resonance is when a push arrives in step with a swing.", 0),
        ("The bridge fell in 1940, after 4 hours of wind.", 1),
        ("It doesn't take much wind.", 2),
        ("Little damping gives a tall, narrow peak.", 3),
    ],
)
def test_what_the_source_says_is_supported_by_the_cue_that_says_it(sentence: str, cue: int) -> None:
    assert verdict(sentence) == (Support.SUPPORTED, cue)


@pytest.mark.parametrize(
    "sentence",
    [
        "The bridge near the city fell in 1950 after four hours of wind.",
        "The bridge near the city did not fall in 1940 after four hours of wind.",
        "With much damping you get a tall, narrow peak.",
        "It takes much wind, and it has to come at the right moment.",
    ],
)
def test_what_differs_by_a_number_a_denial_or_an_opposite_is_not_supported(sentence: str) -> None:
    assert verdict(sentence)[0] is not Support.SUPPORTED


@pytest.mark.parametrize(
    "sentence", ["The moon is made of green cheese.", "Napoleon won at Waterloo.", "月亮是奶酪做的。"]
)
def test_what_the_source_does_not_speak_of_is_not_found(sentence: str) -> None:
    assert verdict(sentence)[0] is Support.NOT_FOUND


@pytest.mark.parametrize(
    ("cues", "sentence", "language"),
    [
        (("我们先看向量空间", "共振就是外力的频率等于固有频率"), "共振就是外力的频率等于固有频率。", "chinese"),
        (("पहले हम तरंगें देखते हैं", "कोशिका झिल्ली पानी को अंदर आने देती है"), "कोशिका झिल्ली पानी को अंदर आने देती है।", "hindi"),
        (
            ("Zuerst zu den Wellen.", "Die Frequenz zählt die Schwingungen je Sekunde."),
            "Die Frequenz zählt Schwingungen je Sekunde.",
            "german",
        ),
    ],
)
def test_words_are_compared_in_their_script(cues: tuple[str, ...], sentence: str, language: str) -> None:
    assert verdict(sentence, source(*cues), language) == (Support.SUPPORTED, 1)


SAID_OTHERWISE = "A structure resonates once shoves arrive at the rhythm of its movement."


def by_likeness(sentence: str, cosine: float, share: float | None = None) -> tuple[Support, int | None]:
    """The verdict where the first cue is so like the sentence, and the others are not."""
    likeness = np.full(len(BRIDGE.stretches), 0.7, np.float32)
    likeness[0] = cosine
    claim = joined(clauses(sentence, "english"))
    words = by_words(claim, BRIDGE)
    found = by_meaning(claim, "english", words, likeness, words.share if share is None else share)
    return found.support, found.stretch.first if found.stretch else None


def test_other_words_of_the_same_meaning_are_supported() -> None:
    assert by_likeness(SAID_OTHERWISE, 0.93) == (Support.SUPPORTED, 0)
    assert by_likeness(SAID_OTHERWISE, 0.88) == (Support.PARTLY, 0)
    assert by_likeness(SAID_OTHERWISE, 0.75)[0] is Support.NOT_FOUND


def test_likeness_does_not_outweigh_a_denial_or_a_number() -> None:
    denied = SAID_OTHERWISE.replace("resonates", "never resonates")
    assert by_likeness(denied, 0.93)[0] is Support.PARTLY
    assert by_likeness(SAID_OTHERWISE.replace("shoves", "17 shoves"), 0.93)[0] is Support.PARTLY


def test_where_most_words_are_a_sources_likeness_does_not_tell() -> None:
    assert by_likeness(SAID_OTHERWISE, 0.93, share=0.6)[0] is Support.PARTLY


@pytest.mark.parametrize(
    "said",
    [
        "Great question!",
        "What would happen with more damping?",
        "The course does not say how tall the bridge was.",
        "Der Kurs sagt dazu nichts.",
        "El curso no lo explica.",
        "课程里没有提到这一点。",
        "Let me know if you want another example.",
        "Here are the steps:",
    ],
)
def test_talk_and_questions_claim_nothing(said: str) -> None:
    assert not is_claim(said, "english")


def test_a_sentence_about_the_matter_is_a_claim() -> None:
    assert is_claim("The bridge fell in 1940.", "english")
