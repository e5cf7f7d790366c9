"""The fake provider does as it is told, and counts right."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote, fake_provider

ASK = {"model": "m", "messages": [{"role": "user", "content": "What is a wave?"}]}


@pytest.fixture
async def provider() -> AsyncIterator[Remote]:
    async with fake_provider({"words": 5}) as remote:
        yield remote


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


def text_of(stream: bytes) -> str:
    lines = [line[6:] for line in stream.split(b"\n\n") if line.startswith(b"data: {")]
    choices = [choice for line in lines for choice in orjson.loads(line)["choices"]]
    return "".join(choice["delta"].get("content", "") for choice in choices)


async def test_it_numbers_its_words_plain_and_streamed(provider: Remote, client: httpx.AsyncClient) -> None:
    plain = (await client.post(f"{provider.base_url}/chat/completions", json=ASK)).json()
    streamed = await client.post(f"{provider.base_url}/chat/completions", json={**ASK, "stream": True})

    assert numbers_in(plain["choices"][0]["message"]["content"]) == [1, 2, 3, 4, 5]
    assert plain["usage"]["completion_tokens"] == 5
    assert numbers_in(text_of(streamed.content)) == [1, 2, 3, 4, 5]
    assert streamed.content.endswith(b"data: [DONE]\n\n")


async def test_a_rule_fails_one_key_as_often_as_it_says(provider: Remote, client: httpx.AsyncClient) -> None:
    await provider.script([{"key": "bad", "times": 1, "script": {"status": 429, "retry_after": 7}}])
    headers = {"authorization": "Bearer bad"}

    refused = await client.post(f"{provider.base_url}/chat/completions", json=ASK, headers=headers)
    served = await client.post(f"{provider.base_url}/chat/completions", json=ASK, headers=headers)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert served.status_code == 200
    assert (await provider.counts())["by_status"] == {"429": 1, "200": 1}


async def test_a_cut_drops_the_connection_in_mid_stream(provider: Remote, client: httpx.AsyncClient) -> None:
    headers = {"x-fake-script": '{"words": 9, "cut_after": 3}'}

    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(f"{provider.base_url}/chat/completions", json={**ASK, "stream": True}, headers=headers)

    counts = await provider.counts()
    assert (counts["completion_tokens"], counts["complete"]) == (3, 0)


async def test_a_client_that_leaves_a_stalled_stream_is_counted(provider: Remote, client: httpx.AsyncClient) -> None:
    await provider.script(stall_after=2)
    body = {**ASK, "stream": True}

    async with client.stream("POST", f"{provider.base_url}/chat/completions", json=body) as stream:
        await anext(stream.aiter_bytes())
        assert (await provider.counts())["open_requests"] == 1

    counts = await provider.counts()
    while counts["open_requests"]:
        counts = await provider.counts()
    assert (counts["closed_early"], counts["open_connections"]) == (1, 0)


@pytest.mark.parametrize(
    ("said", "script", "rest"),
    [
        ("w0001 w0002", {}, "w0003 w0004 w0005"),
        ("w0001 w0002", {"repeat_words": 1}, "w0002 w0003 w0004 w0005"),
        ("w0001 w0002 w00", {"prefill": True}, "03 w0004 w0005"),
    ],
)
async def test_it_continues_an_answer(
    provider: Remote, client: httpx.AsyncClient, said: str, script: dict[str, Any], rest: str
) -> None:
    await provider.script(words=5, **script)
    messages = [*ASK["messages"], {"role": "assistant", "content": said}]

    reply = await client.post(f"{provider.base_url}/chat/completions", json={**ASK, "messages": messages})

    assert reply.json()["choices"][0]["message"]["content"] == rest


async def test_embeddings_of_texts_that_share_words_are_near(provider: Remote, client: httpx.AsyncClient) -> None:
    body = {"model": "e", "input": ["what is a wave", "a wave is what", "the cat sat"]}

    data = (await client.post(f"{provider.base_url}/embeddings", json=body)).json()["data"]
    one, same, other = (item["embedding"] for item in data)

    assert sum(a * b for a, b in zip(one, same, strict=True)) > 0.99
    assert sum(a * b for a, b in zip(one, other, strict=True)) < 0.5


async def test_a_script_with_an_unknown_name_is_refused(provider: Remote, client: httpx.AsyncClient) -> None:
    url = provider.base_url.removesuffix("/v1") + "/control/script"

    reply = await client.put(url, json={"default": {"wrods": 3}})

    assert reply.status_code == 400
    assert "wrods" in reply.json()["error"]["message"]
