"""Responses and conversations by the official Python client, unchanged."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
import pytest_asyncio
from openai.types.responses import Response
from pydantic import BaseModel

from kit.auth.caller import Caller
from tests.system import STUDENT, VIDEO, System, make_course, whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASK = "What does a wave carry?"
SAID = "It carries energy from place to place [1]."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def client(system: System) -> AsyncIterator[openai.AsyncOpenAI]:
    await system.provider.script(text=SAID)
    await system.provider.reset()
    async with client_of(system, STUDENT) as made:
        yield made


def client_of(system: System, caller: Caller) -> openai.AsyncOpenAI:
    http: Any = httpx.AsyncClient(trust_env=False)
    address = f"http://127.0.0.1:{system.ports['http']}/openai/v1"
    return openai.AsyncOpenAI(base_url=address, api_key=system.token(caller), max_retries=0, http_client=http)


def tokens_told(response: Response) -> int:
    """How much the model was told, by the provider's own count."""
    assert response.usage
    return response.usage.input_tokens


async def test_a_response_is_created_kept_and_deleted(client: openai.AsyncOpenAI) -> None:
    made = await client.responses.create(model="lectern", input=ASK, metadata={"course": "waves"})
    assert made.status == "completed"
    assert made.output_text == SAID
    assert made.usage
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens > 0
    kept = await client.responses.retrieve(made.id)
    assert (kept.output_text, kept.metadata) == (SAID, {"course": "waves"})
    items = [item async for item in client.responses.input_items.list(made.id)]
    assert [item.model_dump()["content"][0]["text"] for item in items] == [ASK]
    await client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(made.id)


async def test_what_is_not_to_be_stored_is_not(client: openai.AsyncOpenAI) -> None:
    made = await client.responses.create(model="lectern", input=ASK, store=False)
    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(made.id)


async def test_a_streamed_response_tells_each_step(client: openai.AsyncOpenAI) -> None:
    stream = await client.responses.create(model="lectern", input=ASK, stream=True)
    events = [event async for event in stream]
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == SAID
    assert [event.sequence_number for event in events] == list(range(len(events)))
    async with client.responses.stream(model="lectern", input=ASK) as helper:
        assert (await helper.get_final_response()).output_text == SAID


async def test_a_response_that_is_cut_is_incomplete(client: openai.AsyncOpenAI, system: System) -> None:
    await system.provider.script(words=20)
    made = await client.responses.create(model="lectern", input=ASK, max_output_tokens=5)
    assert made.status == "incomplete"
    assert made.incomplete_details
    assert made.incomplete_details.reason == "max_output_tokens"


async def test_a_response_of_the_tutor_is_cut_where_it_is_asked_to_be(
    client: openai.AsyncOpenAI, system: System
) -> None:
    await system.provider.script(words=20)
    grounds = {"course": await make_course(system), "video_url": VIDEO}
    made = await client.responses.create(model="fake", input=ASK, max_output_tokens=5, top_p=0.5, extra_body=grounds)
    assert (made.status, made.output[0].status) == ("incomplete", "incomplete")  # type: ignore[union-attr]
    assert made.incomplete_details
    assert made.incomplete_details.reason == "max_output_tokens"
    assert 0.5 in [each["fields"].get("top_p") for each in await system.provider.requests()]


class Count(BaseModel):
    zebras: int


@pytest.mark.parametrize("grounded", [False, True])
async def test_a_response_has_the_form_that_is_asked_for(
    client: openai.AsyncOpenAI, system: System, grounded: bool
) -> None:
    await system.provider.script(text='{"zebras": 3}')
    grounds = {"course": await make_course(system), "video_url": VIDEO} if grounded else {}
    made = await client.responses.parse(model="fake", input=ASK, text_format=Count, extra_body=grounds)
    assert made.output_parsed == Count(zebras=3)
    [schema] = [each["schema"] for each in await system.provider.requests() if each["schema"]]
    assert schema["required"] == ["zebras"]
    anything = await client.responses.create(model="fake", input=ASK, text={"format": {"type": "json_object"}})
    assert anything.output_text == '{"zebras": 3}'
    assert {"type": "object"} in [each["schema"] for each in await system.provider.requests()]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}]}, "images"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "files"),
        ({"include": ["reasoning.encrypted_content"]}, "include"),
        ({"reasoning": {"summary": "auto"}}, "summary"),
        ({"prompt": {"id": "p"}}, "prompt"),
    ],
)
async def test_what_a_response_cannot_have_is_refused_by_its_name(
    client: openai.AsyncOpenAI, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=named):
        await client.responses.create(**{"model": "lectern", "input": ASK, **changes})


async def test_a_conversation_takes_text_alone(client: openai.AsyncOpenAI) -> None:
    picture: Any = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}
    with pytest.raises(openai.BadRequestError, match="images"):
        await client.conversations.create(items=[picture])


async def test_a_response_goes_on_from_an_earlier_one(client: openai.AsyncOpenAI) -> None:
    first = await client.responses.create(model="lectern", input=ASK, instructions="Be brief.")
    second = await client.responses.create(model="lectern", input=ASK, previous_response_id=first.id)
    alone = await client.responses.create(model="lectern", input=ASK)
    items = [item.model_dump() async for item in client.responses.input_items.list(second.id)]
    assert [item["content"][0]["text"] for item in items] == [ASK, SAID, ASK]
    assert tokens_told(second) > tokens_told(first) > tokens_told(alone)  # instructions are of one response alone


async def test_responses_go_into_their_conversation(client: openai.AsyncOpenAI) -> None:
    conversation = await client.conversations.create(
        items=[{"type": "message", "role": "developer", "content": "Be brief."}], metadata={"topic": "waves"}
    )
    made = await client.responses.create(model="lectern", input=ASK, conversation=conversation.id)
    assert made.conversation
    assert made.conversation.id == conversation.id
    again = await client.responses.create(model="lectern", input=ASK, conversation=conversation.id)
    assert tokens_told(again) > tokens_told(made)
    items = [item async for item in client.conversations.items.list(conversation.id, order="asc", limit=2)]
    assert [item.role for item in items] == ["developer", "user", "assistant", "user", "assistant"]  # type: ignore[union-attr]


async def test_a_conversation_is_read_changed_and_deleted(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create(metadata={"topic": "waves"})
    assert (await client.conversations.retrieve(made.id)).metadata == {"topic": "waves"}
    assert (await client.conversations.update(made.id, metadata={"topic": "sound"})).metadata == {"topic": "sound"}
    added = await client.conversations.items.create(
        made.id, items=[{"type": "message", "role": "user", "content": ASK}]
    )
    assert added.first_id
    one = await client.conversations.items.retrieve(added.first_id, conversation_id=made.id)
    assert one.id == added.first_id
    assert (await client.conversations.delete(made.id)).deleted
    with pytest.raises(openai.NotFoundError):
        await client.conversations.retrieve(made.id)


async def test_nobody_else_sees_them(client: openai.AsyncOpenAI, system: System) -> None:
    conversation = await client.conversations.create()
    response = await client.responses.create(model="lectern", input=ASK)
    async with client_of(system, Caller("school", "ben")) as other:
        with pytest.raises(openai.NotFoundError):
            await other.conversations.retrieve(conversation.id)
        with pytest.raises(openai.NotFoundError):
            await other.responses.create(model="lectern", input=ASK, conversation=conversation.id)
        with pytest.raises(openai.NotFoundError):
            await other.responses.retrieve(response.id)
        with pytest.raises(openai.NotFoundError):
            await other.responses.delete(response.id)


async def test_a_course_grounds_a_response(client: openai.AsyncOpenAI, system: System) -> None:
    grounds = {"course": await make_course(system), "video_url": VIDEO}
    made = await client.responses.create(model="lectern", input=ASK, extra_body=grounds)
    assert (made.model_extra or {})["lectern"]["citations"][0]["videoUrl"] == VIDEO


async def test_a_conversation_that_is_full_says_so(client: openai.AsyncOpenAI) -> None:
    made = await client.conversations.create()
    for _ in range(2):
        await client.conversations.items.create(
            made.id, items=[{"type": "message", "role": "user", "content": "x"}] * 100
        )
    with pytest.raises(openai.APIStatusError) as refused:
        await client.conversations.items.create(made.id, items=[{"type": "message", "role": "user", "content": "x"}])
    assert refused.value.code == "too_large"
