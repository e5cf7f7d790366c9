"""How answers end: cut, empty, stopped, thought about; and what goes on with one that was cut."""

from datetime import UTC, datetime
from typing import Any

import pytest
from lectern.inference.v1 import generation_pb2 as pb

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote
from kit.errors import InvalidArgument, Reason, Unavailable
from kit.jobs.model import Failed, Job
from kit.jobs.policies import Policy, Queue
from kit.jobs.worker.outcomes import outcome_of
from tests.inference import STUDENT, events_of, inference, kept_events_of, providers_json, question, text_of

EMPTY: list[dict[str, Any]] = [
    {"words": 0},
    {"words": 0, "finish_reason": "length"},
    {"text": "  \n "},
    {"words": 5, "thinking": 5000},
]


def plain(purpose: pb.Purpose.ValueType = pb.PURPOSE_COMPLETION, **more: Any) -> pb.StreamGenerateRequest:
    message = pb.PromptMessage(role=pb.PromptMessage.USER, text="Say hello")
    return pb.StreamGenerateRequest(purpose=purpose, messages=[message], **more)


@pytest.mark.parametrize("script", EMPTY)
@pytest.mark.parametrize("request_", [question(), plain(), plain(pb.PURPOSE_TITLE)])
async def test_the_next_provider_is_asked_where_one_ends_without_a_word(
    one: Remote, two: Remote, script: dict[str, Any], request_: pb.StreamGenerateRequest
) -> None:
    await one.script(**script)
    async with inference(providers_json(one, two)) as peer:
        events = await events_of(peer, request_)

    assert [event.notice.kind for event in events if event.HasField("notice")] == ["provider_switched"]
    assert (numbers_in(text_of(events)), events[-1].finish.provider) == (list(range(1, 31)), "p2")
    assert text_of(events)[0] == "w", "nothing of the empty answer is shown"
    assert (await one.counts())["requests"] == 1, "the same again would be as empty"


async def test_where_all_are_empty_the_passages_are_the_answer(one: Remote, two: Remote) -> None:
    await one.script(words=0)
    await two.script(words=0, finish_reason="length")
    async with inference(providers_json(one, two)) as peer:
        events = await events_of(peer, question())

    assert events[-1].finish.degraded
    assert events[-1].finish.finish_reason == ""
    assert "A wave carries energy" in text_of(events)


async def test_an_empty_completion_is_handed_on_once_all_are_empty(one: Remote, two: Remote) -> None:
    await one.script(words=0)
    await two.script(words=0)
    async with inference(providers_json(one, two)) as peer:
        events = await events_of(peer, plain())

    assert (text_of(events), events[-1].finish.finish_reason) == ("", "stop")
    assert [(await each.counts())["requests"] for each in (one, two)] == [1, 1]


async def test_where_all_are_empty_and_there_is_no_passage_that_is_said(one: Remote) -> None:
    await one.script(words=0)
    asked = question()
    del asked.tutoring.sources[:]
    async with inference(providers_json(one)) as peer:
        with pytest.raises(Unavailable) as raised:
            await events_of(peer, asked)

    assert raised.value.reason is Reason.PROVIDERS_UNAVAILABLE
    assert "word" in raised.value.message


async def test_a_job_does_not_wait_for_a_provider_that_is_there_and_says_nothing(one: Remote) -> None:
    await one.script(words=0)
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    job = Job("j", STUDENT, "reports.write", "bulk", 50, "k", {}, 3, noon, noon)
    async with inference(providers_json(one)) as peer:
        with pytest.raises(Unavailable) as raised:
            await events_of(peer, plain(pb.PURPOSE_REPORT))

    assert isinstance(outcome_of(raised.value, job, Policy(job.kind, Queue("bulk", 1, 1))), Failed)


async def test_a_limit_of_ones_own_that_leaves_no_room_for_a_word_is_told_as_one(one: Remote) -> None:
    await one.script(words=5, thinking=50)
    async with inference(providers_json(one)) as peer:
        events = await events_of(peer, plain(max_tokens=20))

    assert (text_of(events), events[-1].finish.finish_reason) == ("", "length")
    assert events[-1].finish.usage.completion_tokens == 20


async def test_small_limits_open_no_breaker_and_empty_answers_do(one: Remote, two: Remote) -> None:
    await one.script(words=5, thinking=50)
    async with inference(providers_json(one, two), breaker_minimum=3, quick_max_tokens=30) as peer:
        for _ in range(4):
            await events_of(peer, plain(pb.PURPOSE_TITLE))
        starved = (await one.counts())["requests"]
        await one.script(words=0)
        for number in range(12):
            await events_of(peer, question(f"What is {number}?"))
        empty = (await one.counts())["requests"] - starved

    assert starved == 4
    assert empty < 12


async def test_models_think_beyond_the_limit_and_talk_within_it(one: Remote) -> None:
    await one.script(words=20, thinking=60)
    async with inference(providers_json(one, thinkingTokens=200)) as peer:
        answered = await events_of(peer, plain(max_tokens=50))
        await one.script(words=250, thinking=0)
        talked = await events_of(peer, plain(max_tokens=20))

    assert (len(numbers_in(text_of(answered))), answered[-1].finish.finish_reason) == (20, "stop")
    assert len(numbers_in(text_of(talked))) < 20
    assert talked[-1].finish.finish_reason == "length"


async def test_what_was_thought_is_paid_for(one: Remote) -> None:
    await one.script(words=3, thinking=60)
    async with inference(providers_json(one)) as peer:
        events = await events_of(peer, plain())

    assert events[-1].finish.usage.completion_tokens == 63


async def test_a_stop_text_ends_the_answer_and_the_call_and_is_not_shown(one: Remote) -> None:
    await one.script(words=500, words_per_second=200)
    async with inference(providers_json(one)) as peer:
        request = question()
        request.stop.extend(["w0007", "never"])
        events = await events_of(peer, request)
        counts = await one.counts()
        while counts["open_requests"]:
            counts = await one.counts()

    finish = events[-1].finish
    assert (numbers_in(text_of(events)), finish.finish_reason, finish.provider) == ([1, 2, 3, 4, 5, 6], "stop", "p1")
    assert finish.usage.completion_tokens > 0
    assert counts["closed_early"] == 1


@pytest.mark.parametrize("wrong", [{"stop": ["a", "b", "c", "d", "e"]}, {"stop": [""]}, {"parameters": "[]"}])
async def test_what_cannot_be_followed_is_refused_by_name(one: Remote, wrong: dict[str, Any]) -> None:
    async with inference(providers_json(one)) as peer:
        with pytest.raises(InvalidArgument) as raised:
            await events_of(peer, plain(**wrong))

    assert raised.value.field in wrong


async def test_a_cut_answer_is_shared_as_one_and_not_kept(one: Remote) -> None:
    async with inference(providers_json(one), chat_max_tokens=7) as peer:
        ends = [(await events_of(peer, question("What is a cut?")))[-1].finish for _ in range(2)]

    assert [(end.finish_reason, end.cached) for end in ends] == [("length", False)] * 2


async def test_answers_that_are_asked_for_otherwise_are_not_the_same(one: Remote) -> None:
    async with inference(providers_json(one)) as peer:
        for parameters in ("", '{"seed": 1}', '{"seed": 2}'):
            request = question("What is alike?")
            request.parameters = parameters
            await events_of(peer, request)
        await kept_events_of(peer, request)

    assert (await one.counts())["requests"] == 3


async def test_where_the_policy_bounds_an_answer_it_has_stopped(one: Remote) -> None:
    await one.script(words=400)
    async with inference(providers_json(one)) as peer:
        events = await events_of(peer, question("What is a bound?", policy="hints"))

    assert (events[-1].finish.policy, events[-1].finish.finish_reason) == ("hints:1", "stop")
    assert len(text_of(events).split()) <= 90


async def test_an_answer_that_lacked_nothing_has_an_empty_rest(one: Remote) -> None:
    await one.script(words=3, prefill=True)
    async with inference(providers_json(one, prefill=True)) as peer:
        request = question()
        request.continues = "w0001 w0002 w0003"
        events = await events_of(peer, request)

    assert (text_of(events), events[-1].finish.finish_reason) == ("", "stop")
    assert (await one.counts())["requests"] == 1


@pytest.mark.parametrize("prefill", [True, False])
async def test_a_cut_answer_is_gone_on_with_at_its_full_length(one: Remote, prefill: bool) -> None:
    await one.script(words=12, prefill=prefill, repeat_words=0 if prefill else 3)
    cut = "w0001 w0002 w0003 w0004 w0005"
    async with inference(providers_json(one, prefill=prefill)) as peer:
        request = question()
        request.continues, request.max_tokens = cut, 16
        events = await events_of(peer, request)

    said = text_of(events)
    assert cut + said == " ".join(f"w{number:04d}" for number in range(1, 13))
    assert events[-1].finish.finish_reason == "stop"


async def test_the_rest_of_an_answer_is_no_passage(one: Remote) -> None:
    await one.script(status=500)
    async with inference(providers_json(one)) as peer:
        request = question()
        request.continues = "A wave carries"
        with pytest.raises(Unavailable) as raised:
            await events_of(peer, request)

    assert raised.value.reason is Reason.PROVIDERS_UNAVAILABLE
