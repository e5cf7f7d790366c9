"""The official Python client of OpenAI, unchanged, against the gateway."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

import httpx
import openai
import pytest
import pytest_asyncio
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel

from tests.javascript import run_node
from tests.system import STUDENT, VIDEO, System, make_course, whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What does a wave carry?"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def client(system: System) -> AsyncIterator[openai.AsyncOpenAI]:
    await system.provider.script(text="It carries energy from place to place [1].")
    async with made_client(system) as made:
        yield made


def made_client(
    system: System, *hooks: Callable[[httpx.Response], Awaitable[None]], **options: object
) -> openai.AsyncOpenAI:
    address = f"http://127.0.0.1:{system.ports['http']}/openai/v1"
    http = httpx.AsyncClient(trust_env=False, event_hooks={"response": [*hooks]})
    options = {"api_key": system.token(STUDENT), "max_retries": 0, **options}
    return openai.AsyncOpenAI(base_url=address, http_client=http, **options)  # type: ignore[arg-type]


async def test_models_are_those_that_are_configured(client: openai.AsyncOpenAI) -> None:
    listed = [model.id async for model in client.models.list()]
    assert listed[0] == "lectern"
    assert "fake" in listed
    assert (await client.models.retrieve("fake")).owned_by == "fake"
    with pytest.raises(openai.NotFoundError) as refused:
        await client.models.retrieve("gpt-none")
    assert refused.value.code == "model_not_found"


async def test_a_plain_completion(client: openai.AsyncOpenAI) -> None:
    made = await client.chat.completions.create(model="lectern", messages=ASK)
    assert made.choices[0].message.content == "It carries energy from place to place [1]."
    assert made.choices[0].finish_reason == "stop"
    assert made.model == "fake"
    assert made.usage
    assert made.usage.completion_tokens > 0
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens


async def test_a_stream_ends_with_its_reason_and_usage(client: openai.AsyncOpenAI, system: System) -> None:
    await system.provider.script(words=20)
    stream = await client.chat.completions.create(
        model="fake",
        messages=ASK,
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=7,
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.split() == [f"w{number:04d}" for number in range(1, 8)]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "length"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert not chunks[-1].choices
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 7


async def test_stop_sequences_end_the_answer_and_the_call_of_the_provider(
    client: openai.AsyncOpenAI, system: System
) -> None:
    await system.provider.script(words=200, words_per_second=50)
    made = await client.chat.completions.create(model="fake", messages=ASK, stop=["w0003"])
    assert (made.choices[0].message.content or "").split() == ["w0001", "w0002"]
    assert made.choices[0].finish_reason == "stop"
    await _provider_closed(system)


class Quiz(BaseModel):
    question: str
    answers: list[str]


async def test_a_structured_answer_follows_the_schema_that_the_provider_is_given(
    client: openai.AsyncOpenAI, system: System
) -> None:
    quiz = Quiz(question="What does a wave carry?", answers=["energy", "matter"])
    await system.provider.script(text=quiz.model_dump_json())
    made = await client.chat.completions.parse(model="fake", messages=ASK, response_format=Quiz)
    assert made.choices[0].message.parsed == quiz
    asked = (await system.provider.requests())[-1]["schema"]
    assert asked["required"] == ["question", "answers"]
    assert asked["additionalProperties"] is False


async def test_a_course_grounds_the_answer_and_its_citations_come_along(
    client: openai.AsyncOpenAI, system: System
) -> None:
    course = await make_course(system)
    grounds = {"course": course, "video_url": VIDEO}
    made = await client.chat.completions.create(model="lectern", messages=ASK, extra_body=grounds)
    told = (made.model_extra or {})["lectern"]
    assert told["citations"][0]["videoUrl"] == VIDEO
    assert told["citations"][0]["support"] == "SUPPORTED"
    assert [each["support"] for each in told["sentences"]] == ["SUPPORTED"]
    stream = await client.chat.completions.create(
        model="lectern",
        messages=[{"role": "user", "content": "And what does it not carry?"}],
        stream=True,
        extra_body=grounds,
    )
    chunks = [chunk async for chunk in stream]
    assert (chunks[-1].model_extra or {})["lectern"]["thread"] == told["thread"]


async def test_the_tutor_answers_as_it_is_asked_to(client: openai.AsyncOpenAI, system: System) -> None:
    await system.provider.script(words=50)
    grounds = {"course": await make_course(system), "video_url": VIDEO}
    cut = await client.chat.completions.create(model="fake", messages=ASK, max_tokens=7, extra_body=grounds)
    assert (cut.choices[0].finish_reason, cut.usage and cut.usage.completion_tokens) == ("length", 7)
    assert (cut.model_extra or {})["lectern"]["finish_reason"] == "length"
    stopped = await client.chat.completions.create(
        model="fake", messages=ASK, stop=["w0004"], temperature=0.3, top_p=0.5, seed=7, stream=True, extra_body=grounds
    )
    chunks = [chunk async for chunk in stopped]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).split() == ["w0001", "w0002", "w0003"]
    assert chunks[-1].choices[0].finish_reason == "stop"
    [fields] = [each["fields"] for each in await system.provider.requests() if "seed" in each["fields"]]
    assert (round(fields["temperature"], 3), fields["top_p"], fields["seed"]) == (0.3, 0.5, 7)


async def test_the_tutor_answers_in_the_form_that_is_asked_for(client: openai.AsyncOpenAI, system: System) -> None:
    quiz = Quiz(question="What does a wave carry?", answers=["energy", "matter"])
    await system.provider.script(text=quiz.model_dump_json())
    grounds = {"course": await make_course(system), "video_url": VIDEO}
    made = await client.chat.completions.parse(model="fake", messages=ASK, response_format=Quiz, extra_body=grounds)
    assert made.choices[0].message.parsed == quiz
    schemas = [each["schema"] for each in await system.provider.requests() if each["schema"]]
    assert schemas[-1]["required"] == ["question", "answers"]


async def test_a_schema_that_is_too_large_to_keep_is_refused_by_its_name(client: openai.AsyncOpenAI) -> None:
    schema = {"type": "object", "description": "x" * 70_000}
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "quiz", "schema": schema}}
    grounds = {"course": "courses/waves"}
    with pytest.raises(openai.APIStatusError) as refused:
        await client.chat.completions.create(model="fake", messages=ASK, response_format=wanted, extra_body=grounds)
    assert (refused.value.status_code, refused.value.param) == (413, "response_format")
    form: Any = {"format": {"type": "json_schema", "name": "quiz", "schema": schema}}
    with pytest.raises(openai.APIStatusError) as refused:
        await client.responses.create(model="fake", input="What does a wave carry?", text=form, extra_body=grounds)
    assert refused.value.param == "text.format"


def with_part(part: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, part]}]}


TOOL = {"role": "tool", "tool_call_id": "1", "content": "5"}
CALLING = {"role": "assistant", "tool_calls": [{"id": "1"}]}


@pytest.mark.parametrize("grounded", [False, True])
@pytest.mark.parametrize(
    ("changes", "param", "word"),
    [
        ({"logit_bias": {"50256": -100}}, "logit_bias", "supported"),
        ({"extra_body": {"top_k": 5}}, "top_k", "supported"),
        ({"tool_choice": "required"}, "tool_choice", "supported"),
        ({"modalities": ["text", "audio"]}, "modalities", "supported"),
        (with_part({"type": "image_url", "image_url": {"url": "data:,"}}), "messages.0.content", "images"),
        (with_part({"type": "input_audio", "input_audio": {}}), "messages.0.content", "audio"),
        (with_part({"type": "file", "file": {}}), "messages.0.content", "files"),
        (with_part({"type": "hologram"}), "messages.0.content", "hologram"),
        (with_part({"type": ["image_url"]}), "messages.0.content", "image_url"),
        ({"messages": [{"role": "user", "content": "?"}, TOOL]}, "messages.1.role", "tools"),
        ({"messages": [CALLING, {"role": "user", "content": "?"}]}, "messages.0.tool_calls", "tools"),
    ],
)
async def test_what_cannot_be_followed_is_refused_by_its_name(
    client: openai.AsyncOpenAI, changes: dict[str, Any], param: str, word: str, grounded: bool
) -> None:
    extra = {**changes.get("extra_body", {}), **({"course": "courses/waves"} if grounded else {})}
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(**{"model": "lectern", "messages": ASK, **changes, "extra_body": extra})
    assert (refused.value.param, word in refused.value.message) == (param, True)


async def test_what_changes_nothing_may_be_sent(client: openai.AsyncOpenAI) -> None:
    said: list[Any] = [
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}], "refusal": None},
        {"role": "user", "name": "ann", "content": [{"type": "text", "text": "Why?"}]},
    ]
    made = await client.chat.completions.create(
        model="lectern",
        messages=said,
        user="ann",
        store=False,
        metadata={"a": "b"},
        parallel_tool_calls=True,
        tool_choice="none",
        logprobs=False,
        logit_bias={},
        service_tier="auto",
        extra_body={"top_k": None},
    )
    assert made.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("encoding", ["float", "base64"])
async def test_embeddings_come_as_floats_or_packed(
    client: openai.AsyncOpenAI, encoding: Literal["float", "base64"]
) -> None:
    made = await client.embeddings.create(
        model="lectern",
        input=["wave", "energy"],
        encoding_format=encoding,
    )
    assert made.model == "fake"
    assert [entry.index for entry in made.data] == [0, 1]
    if encoding == "float":
        assert sum(value * value for value in made.data[0].embedding) == pytest.approx(1, abs=1e-3)
    else:
        assert len(made.data[0].embedding) == 384 * 4 * 4 // 3  # what was asked for packed stays so
    unasked = await client.embeddings.create(model="lectern", input="wave")
    assert len(unasked.data[0].embedding) == 384


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"model": "gpt-none"}, openai.NotFoundError, "model_not_found"),
        ({"messages": []}, openai.BadRequestError, "invalid_argument"),
        ({"max_tokens": 2**31}, openai.BadRequestError, "invalid_argument"),
        ({"max_completion_tokens": 2**63}, openai.BadRequestError, "invalid_argument"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "invalid_argument"),
        ({"extra_body": {"course": "courses/none"}}, openai.NotFoundError, "course_not_found"),
        ({"extra_body": {"course": "none"}}, openai.BadRequestError, "invalid_argument"),
        ({"messages": [{"role": "user", "content": "x" * 3_000_000}]}, openai.APIStatusError, "too_large"),
    ],
)
async def test_errors_are_those_that_the_client_knows(
    client: openai.AsyncOpenAI, changes: dict[str, object], kind: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(kind) as refused:
        await client.chat.completions.create(**{"model": "lectern", "messages": ASK, **changes})  # type: ignore[call-overload]
    assert refused.value.code == code


@pytest.mark.parametrize("path", ["none", "models/a%0Ab"])
async def test_paths_that_are_not_served_say_so_in_the_same_shape(system: System, path: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        told = await client.get(f"http://127.0.0.1:{system.ports['http']}/openai/v1/{path}")
    assert (told.status_code, told.json()["error"]["code"]) == (404, "unknown_url")


@pytest.mark.parametrize("given", ["é", "x" * 20_000, "a b"])
async def test_a_request_id_that_cannot_be_carried_is_replaced(system: System, given: str) -> None:
    token = f"Bearer {system.token(STUDENT)}"
    headers = {b"authorization": token.encode(), b"x-request-id": given.encode("latin-1")}
    async with httpx.AsyncClient(trust_env=False) as client:
        told = await client.get(f"http://127.0.0.1:{system.ports['http']}/openai/v1/models", headers=headers)
    assert told.status_code == 200


async def test_a_wrong_key_is_no_key(system: System) -> None:
    async with made_client(system, api_key="nonsense") as client:
        with pytest.raises(openai.AuthenticationError) as refused:
            await client.models.list()
    assert refused.value.code == "invalid_api_key"


async def test_leaving_a_stream_or_a_plain_call_closes_the_provider(system: System) -> None:
    async with made_client(system) as client:
        await system.provider.script(words=2000, words_per_second=20)
        stream = await client.chat.completions.create(model="fake", messages=ASK, stream=True)
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        assert (await system.provider.counts())["open_requests"] == 1
        await stream.close()
        await _provider_closed(system)
        plain = asyncio.create_task(client.chat.completions.create(model="fake", messages=ASK))
        await _until_open(system, 1)
        plain.cancel()
        await _provider_closed(system)


async def test_an_answer_that_breaks_off_is_an_error_in_the_stream(system: System) -> None:
    await system.provider.script(words=50, cut_after=3)
    said = ""
    async with made_client(system) as client:
        stream = await client.chat.completions.create(model="fake", messages=ASK, stream=True)
        with pytest.raises(openai.APIError) as broken:  # noqa: PT012 - it comes with one of the chunks
            async for chunk in stream:
                said += chunk.choices[0].delta.content or ""
    assert said.startswith("w0001")
    assert broken.value.code in {"stream_interrupted", "providers_unavailable"}


async def test_a_client_asks_again_after_retry_after_and_succeeds(system: System) -> None:
    told: list[httpx.Response] = []

    async def well_again(response: httpx.Response) -> None:
        told.append(response)
        await system.provider.script(text="Well again.")

    await system.provider.script(status=503, message="gone")
    async with made_client(system, well_again, max_retries=3) as client:
        made = await client.chat.completions.create(model="fake", messages=ASK)
    assert made.choices[0].message.content == "Well again."
    assert [response.status_code for response in told] == [503, 200]
    assert int(told[0].headers["retry-after"]) >= 1


async def _provider_closed(system: System) -> None:
    await _until_open(system, 0)


async def _until_open(system: System, requests: int) -> None:
    async with asyncio.timeout(10):
        while (await system.provider.counts())["open_requests"] != requests:
            pass


async def test_the_client_for_node_says_the_same(system: System) -> None:
    course = await make_course(system)
    await system.provider.script(text="It carries energy from place to place [1].")
    told = await run_node(
        "openai_calls.js",
        base=f"http://127.0.0.1:{system.ports['http']}/openai/v1",
        key=system.token(STUDENT),
        course=course,
        video=VIDEO,
    )
    assert {"lectern", "fake"} <= set(told["models"])
    assert told["plain"] == told["streamed"] == "It carries energy from place to place [1]."
    assert told["usage"] > 0
    assert told["cited"] == VIDEO
    assert told["dimensions"] == 384
    assert told["refused"] == [404, "model_not_found"]
