"""Versions of the prompt through the real service, and what an evaluation asks of it."""

from bench.evaluation.asking import answers
from bench.evaluation.items import Kind, chosen
from bench.fake_provider.process import Remote
from bench.support.labelled_set import lectures
from tests.inference import events_of, inference, providers_json, question, text_of

ONLY_IN_V2 = "whatever language the passages are in"


async def test_versions_stand_side_by_side_and_share_no_answers(one: Remote) -> None:
    await one.script([{"holds": ONLY_IN_V2, "script": {"text": "by the newer"}}], text="by the older")
    said = {}
    for version in ("v1", "v2", "v1"):
        async with inference(providers_json(one), prompt_version=version) as peer:
            events = await events_of(peer, question())
            said[version, events[-1].finish.cached] = text_of(events)

    assert said == {("v1", False): "by the older", ("v2", False): "by the newer", ("v1", True): "by the older"}
    assert (await one.counts())["requests"] == 2


async def test_an_evaluation_asks_for_hints_up_to_the_second_rung_in_every_language(one: Remote) -> None:
    items = [item for item in chosen(lectures(), 5) if item.kind is Kind.HINT]
    async with inference(providers_json(one)) as peer:
        found = await answers(peer, items, at_once=2)

    assert {item.lecture.language for item in items} == {"de", "en", "es", "hi", "zh"}
    assert [answer.policy for answer in found] == ["hints:1", "hints:2"] * 5
    assert {(answer.provider, answer.model, answer.finish_reason) for answer in found} == {("p1", "fake-model", "stop")}
    assert all(answer.text for answer in found)


async def test_an_evaluation_asks_with_the_passages_of_the_lecture(one: Remote) -> None:
    items = [item for item in chosen(lectures(), 1) if item.kind is Kind.ANSWERABLE]
    passage = " ".join(cue.text for cue in items[0].lecture.passages[1])
    await one.script([{"holds": passage, "script": {"text": "They were there."}}], text="They were not.")
    async with inference(providers_json(one)) as peer:
        (answer,) = await answers(peer, items, at_once=1)

    assert answer.text == "They were there."
