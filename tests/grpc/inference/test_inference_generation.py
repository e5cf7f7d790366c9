"""The inference service as its callers see it: a real server, and providers in processes of their own."""

from typing import Any

import pytest
from lectern.inference.v1 import generation_pb2 as pb
from lectern.inference.v1 import generation_pb2_grpc

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote
from kit.errors import DeadlineExceeded, InvalidArgument, LecternError, Reason, Unavailable
from tests.inference import STUDENT, events_of, inference, providers_json, question, text_of


async def test_an_answer_streams_and_ends_with_what_it_cost(one: Remote) -> None:
    async with inference(providers_json(one)) as peer:
        events = await events_of(peer, question())

    finish = events[-1].finish
    assert numbers_in(text_of(events)) == list(range(1, 31))
    assert (finish.provider, finish.model, finish.usage.completion_tokens) == ("p1", "fake-model", 30)
    assert (await one.counts())["by_key"] == {"key-1": 1}


async def test_the_first_delta_arrives_before_the_last_is_generated(one: Remote) -> None:
    await one.script(words=5, stall_after=1)
    async with inference(providers_json(one)) as peer:
        stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
        stream = peer.stream(stub.StreamGenerate, question(), STUDENT, timeout=20)
        first = await anext(stream)
        await stream.aclose()

    assert first.delta == "w0001"


async def test_leaving_closes_the_providers_connection(one: Remote) -> None:
    await one.script(words=50, stall_after=3)
    async with inference(providers_json(one)) as peer:
        stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
        stream = peer.stream(stub.StreamGenerate, question(), STUDENT, timeout=20)
        await anext(stream)
        assert (await one.counts())["open_requests"] == 1
        await stream.aclose()
        counts = await one.counts()
        while counts["open_requests"]:
            counts = await one.counts()

    assert (counts["open_connections"], counts["closed_early"]) == (0, 1)


async def test_embeddings_are_of_unit_length_and_in_order(one: Remote) -> None:
    async with inference(providers_json(one)) as peer:
        stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
        request = pb.EmbedRequest(texts=["what is a wave", "the cat sat"], query=True)
        reply = await peer.call(stub.Embed, request, STUDENT)

    assert len(reply.vectors) == 2
    assert sum(value * value for value in reply.vectors[0].values) == pytest.approx(1)
    assert reply.model == "fake-embedding"


async def test_passages_are_given_more_time_than_a_question(one: Remote) -> None:
    await one.script(first_token_ms=600)
    async with inference(providers_json(one), quick_timeout=0.2) as peer:
        stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
        with pytest.raises(LecternError):
            await peer.call(stub.Embed, pb.EmbedRequest(texts=["what is a wave"], query=True), STUDENT, timeout=2)
        reply = await peer.call(stub.Embed, pb.EmbedRequest(texts=["the cat sat"]), STUDENT, timeout=10)
    assert len(reply.vectors) == 1


async def test_when_the_first_provider_fails_the_next_answers(one: Remote, two: Remote) -> None:
    await one.script(status=503)
    async with inference(providers_json(one, two)) as peer:
        events = await events_of(peer, question())

    assert [event.notice.kind for event in events if event.HasField("notice")] == ["provider_switched"]
    assert numbers_in(text_of(events)) == list(range(1, 31))
    assert events[-1].finish.provider == "p2"


@pytest.mark.parametrize("trouble", [{"status": 429, "retry_after": 60}, {"status": 401}, {"status": 500}])
async def test_when_one_key_fails_the_next_key_of_the_same_provider_serves(one: Remote, trouble: Any) -> None:
    await one.script(words=30, rules=[{"key": "first", "script": trouble}])
    async with inference(providers_json(one, keys=["first", "second"])) as peer:
        events = await events_of(peer, question())

    assert (events[-1].finish.provider, events[-1].finish.degraded) == ("p1", False)
    assert (await one.counts())["by_key"] == {"first": 1, "second": 1}


async def test_a_provider_is_given_its_key_where_it_wants_it(one: Remote) -> None:
    async with inference(providers_json(one, keyHeader="api-key", limitField="max_completion_tokens")) as peer:
        request = question()
        request.max_tokens = 7
        events = await events_of(peer, request)

    assert (await one.counts())["by_key"] == {"key-1": 1}
    assert (len(numbers_in(text_of(events))), events[-1].finish.finish_reason) == (7, "length")


@pytest.mark.parametrize("trouble", [{"cut_after": 7}, {"stall_after": 7}])
async def test_an_answer_that_breaks_off_is_continued_elsewhere(one: Remote, two: Remote, trouble: Any) -> None:
    await one.script(words=30, **trouble)
    await two.script(words=30, repeat_words=3)
    async with inference(providers_json(one, two), between_tokens_timeout=0.3) as peer:
        events = await events_of(peer, question())

    assert [event.notice.kind for event in events if event.HasField("notice")] == ["continued"]
    assert numbers_in(text_of(events)) == list(range(1, 31))
    assert text_of(events) == " ".join(f"w{number:04d}" for number in range(1, 31))


async def test_without_any_provider_the_passages_are_the_answer(one: Remote) -> None:
    await one.script(status=500)
    async with inference(providers_json(one)) as peer:
        events = await events_of(peer, question())

    assert events[-1].finish.degraded
    assert "A wave carries energy" in text_of(events)
    assert "[1]" in text_of(events)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ({"status": 400, "error_code": "content_policy_violation"}, Reason.CONTENT_REFUSED),
        ({"status": 400, "error_code": "context_length_exceeded"}, Reason.CONTEXT_TOO_LONG),
        ({"status": 400}, Reason.INVALID_ARGUMENT),
    ],
)
async def test_what_the_caller_must_change_is_told_and_not_tried_elsewhere(
    one: Remote, two: Remote, script: Any, reason: Reason
) -> None:
    await one.script(**script)
    async with inference(providers_json(one, two)) as peer:
        with pytest.raises(InvalidArgument) as raised:
            await events_of(peer, question())

    assert raised.value.reason is reason
    assert (await two.counts())["requests"] == 0


def structured() -> pb.StreamGenerateRequest:
    message = pb.PromptMessage(role=pb.PromptMessage.USER, text="Two questions on waves")
    return pb.StreamGenerateRequest(purpose=pb.PURPOSE_QUIZ, messages=[message], json_schema='{"type": "object"}')


@pytest.mark.parametrize("status", [503, 400])
async def test_a_structured_answer_comes_from_a_provider_that_can_give_it(
    one: Remote, two: Remote, status: int
) -> None:
    await one.script(status=status)
    await two.script(text='{"questions": []}')
    async with inference(providers_json(one, two)) as peer:
        events = await events_of(peer, structured())

    assert (text_of(events), events[-1].finish.provider) == ('{"questions": []}', "p2")
    assert (await two.requests())[-1]["schema"] == {"type": "object"}


async def test_a_form_that_no_provider_takes_is_told_to_the_caller(one: Remote, two: Remote) -> None:
    await one.script(status=400)
    await two.script(status=400)
    async with inference(providers_json(one, two)) as peer:
        with pytest.raises(InvalidArgument):
            await events_of(peer, structured())


async def test_a_structured_answer_that_breaks_off_is_a_typed_failure(one: Remote, two: Remote) -> None:
    await one.script(words=30, cut_after=3)
    async with inference(providers_json(one, two)) as peer:
        with pytest.raises(LecternError) as raised:
            await events_of(peer, structured())

    assert raised.value.reason is Reason.STREAM_INTERRUPTED
    assert (await two.counts())["requests"] == 0


async def test_an_empty_question_is_refused(one: Remote) -> None:
    async with inference(providers_json(one)) as peer:
        with pytest.raises(InvalidArgument) as raised:
            await events_of(peer, question(" "))

    assert raised.value.field == "tutoring.question"


@pytest.mark.parametrize("stall_after", [0, 2])
async def test_a_text_that_takes_too_long_names_its_model_and_its_limit(one: Remote, stall_after: int) -> None:
    """Not as a model that is away: a job that waits for one would wait for ever."""
    await one.script(words=5, stall_after=stall_after)
    request = pb.StreamGenerateRequest(
        purpose=pb.PURPOSE_QUIZ,
        messages=[pb.PromptMessage(role=pb.PromptMessage.USER, text="Write a quiz.")],
        course="courses/waves",
        json_schema='{"type": "object"}',
    )
    async with inference(providers_json(one), bulk_timeout=0.5) as peer:
        with pytest.raises(DeadlineExceeded) as late:
            await events_of(peer, request)
    assert late.value.message == (
        "p1 (fake-model): the answer was not whole within 0.5 s, as LECTERN_BULK_TIMEOUT allows"
    )


async def test_where_no_model_answers_the_last_one_is_named(one: Remote) -> None:
    await one.script(status=500)
    async with inference(providers_json(one)) as peer:
        with pytest.raises(Unavailable, match=r"no model can answer at the moment; p1 \(fake-model\): the provider"):
            await events_of(
                peer,
                pb.StreamGenerateRequest(
                    purpose=pb.PURPOSE_TITLE,
                    messages=[pb.PromptMessage(role=pb.PromptMessage.USER, text="Name it.")],
                    course="courses/waves",
                ),
            )
