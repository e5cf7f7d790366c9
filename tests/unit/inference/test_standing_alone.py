"""Which questions are asked without their history, and so once for all who ask them."""

import pytest

from services.inference.model.generation import Message, Prompt, Purpose, Request, Speaker, Tutoring
from services.inference.service.keys import answer_key, shareable
from services.inference.service.prompts import Prompts
from services.inference.service.standing_alone import stands_alone

PROMPTS = Prompts(dict.fromkeys(Purpose, 200), "v2")
BEFORE = (Message(Speaker.USER, "How do bridges fall?"), Message(Speaker.ASSISTANT, "By flutter [1]."))


@pytest.mark.parametrize(
    "question",
    [
        "What is resonance?",
        "What does a wave carry?",
        "In lecture 3: how fast is a ripple?",
        "Why does the string of a guitar sound?",
        "Wie entsteht Resonanz?",
        "Pourquoi le verre casse ?",
        "¿Qué es la resonancia acústica?",
    ],
)
def test_what_names_its_matter_stands_alone(question: str) -> None:
    assert stands_alone(question, BEFORE)


@pytest.mark.parametrize(
    "question",
    [
        "Why?",
        "How?",
        "What is it?",
        "Why does it fall?",
        "And resonance?",
        "What about resonance?",
        "Resonance?",
        "What is the formula?",
        "What is the speed?",
        "What is another example of resonance?",
        "Explain that more simply",
        "What is resonance, in your own words?",
        "What did you say about resonance?",
        "How do these differ from resonance?",
        "I do not get resonance",
        "What else falls?",
        "How does the bridge sway?",  # that of the question before
        "Why does a bridge fall?",  # it was not understood
        "Warum ist das so?",
        "Was bedeutet dies?",
        "Wie entsteht es bei Resonanz?",
        "Pourquoi cela arrive ?",
        "¿Por qué ocurre eso?",
        "Are both true?",
        "Does everyone agree?",
        "Is neither stable?",
        "Are two right?",
        "Sind beide wahr?",
        "Sont-ils tous vrais ?",
        "¿Son ambas ciertas?",
        "Is dat waar?",
        "Wie was dat?",
        "Wat is resonantie?",  # of no language whose pointing words are listed
        "Que significa isso?",
        "Que é isso?",
        "Que significa ciò?",
        "什么是共振",
        "Что такое резонанс?",
        "",
        "?",
    ],
)
def test_what_may_point_back_is_asked_with_its_history(question: str) -> None:
    assert not stands_alone(question, BEFORE)


@pytest.mark.parametrize(
    "wish",
    ["Please answer like a pirate", "Explain everything to me as to a child", "Antworte immer auf Deutsch", "Kürzer!"],
)
def test_a_wish_about_answers_holds_for_those_that_follow(wish: str) -> None:
    assert not stands_alone("What is resonance?", (Message(Speaker.USER, wish), *BEFORE))


def prompt(question: str, *, policy: str = "answer", history: tuple[Message, ...] = BEFORE) -> Prompt:
    asked = Tutoring("courses/w", question, "Waves", policy=policy, history=history, video_changed=bool(history))
    return PROMPTS.render(Request(Purpose.CHAT, asked), 4096)


def test_it_is_the_same_prompt_as_that_of_a_first_question() -> None:
    later, first = prompt("What is resonance?"), prompt("What is resonance?", history=())
    assert shareable(later)
    assert answer_key("t", "m", later) == answer_key("t", "m", first)
    assert not shareable(prompt("Why?"))


@pytest.mark.parametrize("policy", ["hints", "quiz_me"])
def test_where_the_past_decides_how_to_answer_it_is_kept(policy: str) -> None:
    asked = prompt("What is resonance?", policy=policy)
    assert len(asked.messages) == 4
    assert not shareable(asked)


def test_equal_titles_are_written_once() -> None:
    material = (Message(Speaker.SYSTEM, "Name it."), Message(Speaker.USER, "Question: What is resonance?"))
    title = PROMPTS.render(Request(Purpose.TITLE, messages=material, course="courses/w"), 4096)
    assert shareable(title)
    assert answer_key("t", "m", title) != answer_key("u", "m", title)
    report = PROMPTS.render(Request(Purpose.REPORT, messages=material, course="courses/w"), 4096)
    assert not shareable(report)
