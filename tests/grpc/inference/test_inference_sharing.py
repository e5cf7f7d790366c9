"""What several callers and processes share: answers, calls under way, breakers."""

import asyncio
from dataclasses import replace
from uuid import uuid4

from prometheus_client import REGISTRY

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote
from tests.inference import STUDENT, events_of, inference, kept_events_of, providers_json, question, text_of

WORDS = list(range(1, 31))


async def test_the_same_question_again_is_answered_from_the_cache(one: Remote) -> None:
    async with inference(providers_json(one)) as peer:
        first = await events_of(peer, question(context_version="1"))
        again = await kept_events_of(peer, question(context_version="1"))
        edited = await events_of(peer, question(context_version="2"))
        stranger = await events_of(peer, question(context_version="1"), replace(STUDENT, tenant="other"))

    assert [events[-1].finish.cached for events in (first, again, edited, stranger)] == [False, True, False, False]
    assert text_of(again) == text_of(first)
    assert (await one.counts())["requests"] == 3


async def test_with_caches_off_every_question_is_asked(one: Remote) -> None:
    async with inference(providers_json(one), disable_cache=True) as peer:
        while (await one.counts())["requests"] < 2:  # until then, a question may join the call that is just ending
            assert not (await events_of(peer, question()))[-1].finish.cached


async def test_many_callers_over_two_processes_are_one_call(one: Remote) -> None:
    await one.script(words=30, words_per_second=100)
    ask = question(uuid4().hex)
    async with (
        inference(providers_json(one)) as here,
        inference(providers_json(one)) as there,
    ):
        answers = await asyncio.gather(*(events_of(peer, ask) for peer in (here, there) for _ in range(20)))

    assert all(numbers_in(text_of(events)) == WORDS for events in answers)
    assert (await one.counts())["requests"] == 1


async def test_a_process_that_goes_leaves_its_call_to_another(one: Remote) -> None:
    await one.script(words=30, words_per_second=30)
    ask = question(uuid4().hex)
    options = {"coalesce_ms": 0}
    async with inference(providers_json(one), **options) as there:
        async with inference(providers_json(one), **options) as here:
            leader = asyncio.create_task(events_of(here, ask))
            while not (await one.counts())["open_requests"]:  # noqa: ASYNC110 - seen by the provider
                await asyncio.sleep(0)
            follower = asyncio.create_task(events_of(there, ask))
            while not (await one.counts())["completion_tokens"] and not follower.done():
                if (await one.requests())[0]["words"] >= 5:
                    break
        events = await follower
        await asyncio.gather(leader, return_exceptions=True)

    assert numbers_in(text_of(events)) == WORDS
    assert (await one.counts())["requests"] == 2


async def test_breakers_open_for_all_processes(one: Remote, two: Remote) -> None:
    await one.script(status=500)
    options = {"breaker_minimum": 5}
    async with (
        inference(providers_json(one, two), **options) as here,
        inference(providers_json(one, two), **options) as there,
    ):
        for _ in range(5):
            await events_of(here, question(uuid4().hex))
        answers = [await events_of(peer, question(uuid4().hex)) for peer in (here, there) for _ in range(3)]

    assert {events[-1].finish.provider for events in answers} == {"p2"}
    assert (await one.counts())["requests"] == 5


async def test_whether_chat_can_be_had_is_told_apart_from_embeddings(one: Remote, two: Remote) -> None:
    """Who is woken because nobody answers is not put off by a server of embeddings that does."""

    def stands(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(name, labels)

    await one.script(status=500)
    options = {"breaker_minimum": 5, "embeddings_base_url": two.base_url}
    async with inference(providers_json(one), **options) as peer:
        assert stands("lectern_models_breaker_state", model_class="chat") == 0
        for _ in range(5):
            await events_of(peer, question(uuid4().hex))
        assert stands("lectern_breaker_state", provider="embeddings") == 0
        assert stands("lectern_breaker_state", provider="p1") == 2
        assert stands("lectern_models_breaker_state", model_class="chat") == 2


async def test_one_provider_of_two_is_enough(one: Remote, two: Remote) -> None:
    await one.script(status=500)
    async with inference(providers_json(one, two), breaker_minimum=5) as peer:
        for _ in range(5):
            await events_of(peer, question(uuid4().hex))
        assert REGISTRY.get_sample_value("lectern_breaker_state", {"provider": "p1"}) == 2
        assert REGISTRY.get_sample_value("lectern_models_breaker_state", {"model_class": "chat"}) == 0


async def test_a_provider_is_left_alone_as_long_as_it_asks(one: Remote, two: Remote) -> None:
    await one.script(status=429, retry_after=300)
    async with (
        inference(providers_json(one, two)) as here,
        inference(providers_json(one, two)) as there,
    ):
        for peer in (here, there, here, there):
            assert (await events_of(peer, question(uuid4().hex)))[-1].finish.provider == "p2"

    assert (await one.counts())["requests"] == 1
