"""What a call and a streamed chunk cost in processor time: the adapter beside the plain SDK, and all of inference."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil
from openai import AsyncOpenAI

from bench.fake_provider.process import Remote, fake_provider
from bench.inference.fleet import Process, another_question, fleet
from services.inference.adapters.openai_chat import OpenAIChat
from services.inference.adapters.openai_clients import OpenAIClients
from services.inference.model.generation import Message, Speaker
from services.inference.model.providers import Provider, Route, Timeouts
from services.inference.ports import ChatCall
from tests.inference import events_of, providers_json

CALLS = 400
AT_ONCE = 8
SHORT, LONG = 1, 500
WORDS_PER_SECOND = 1000  # so that most chunks arrive alone
QUESTION = "What is a wave?"

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Cost:
    """Processor milliseconds of a call with one chunk, and microseconds of each further chunk."""

    call: float
    chunk: float

    def __str__(self) -> str:
        return f"a call {self.call:6.2f} ms, a chunk {self.chunk:6.1f} µs"


async def run() -> None:
    async with fake_provider() as remote:
        async with _sdk(remote) as ask:
            sdk = await _cost(remote, os.getpid(), ask)
        async with _adapter(remote) as ask:
            adapter = await _cost(remote, os.getpid(), ask)
        async with fleet(1, providers_json(remote), chat_max_tokens=2 * LONG) as (process,):
            whole = await _cost(remote, process.running.pid, _inference(process))
    print(f"the plain SDK          {sdk}")
    print(f"the adapter            {adapter}   (of the SDK: {_share(adapter, sdk)})")
    print(f"the inference process  {whole}   (of the SDK: {_share(whole, sdk)})")
    print("  the last with gRPC, breaker, limits, single-flight, answer cache and ledger around the adapter")


async def _cost(remote: Remote, pid: int, ask: Ask) -> Cost:
    short = await _milliseconds(remote, pid, ask, SHORT)
    long = await _milliseconds(remote, pid, ask, LONG)
    return Cost(short, (long - short) * 1000 / (LONG - SHORT))


async def _milliseconds(remote: Remote, pid: int, ask: Ask, words: int) -> float:
    """Of the process, for each call with an answer of so many words."""
    await remote.script(words=words, words_per_second=WORDS_PER_SECOND)
    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    calls, process = iter(range(CALLS if words == SHORT else CALLS // 4)), psutil.Process(pid)
    before, count = process.cpu_times(), 0

    async def client() -> None:
        nonlocal count
        for _ in calls:
            await ask()
            count += 1

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) * 1000 / count


@asynccontextmanager
async def _sdk(remote: Remote) -> AsyncIterator[Ask]:
    client = AsyncOpenAI(api_key="key", base_url=remote.base_url, max_retries=0)

    async def ask() -> str:
        stream = await client.chat.completions.create(
            model="fake",
            messages=[{"role": "user", "content": QUESTION}],
            stream=True,
            stream_options={"include_usage": True},
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    async with client:
        yield ask


@asynccontextmanager
async def _adapter(remote: Remote) -> AsyncIterator[Ask]:
    provider = Provider("fake", remote.base_url, ("key",), {"default": "fake"})
    clients, route = OpenAIClients([provider]), Route(provider, 0, "fake")
    chat = OpenAIChat(clients)
    call = ChatCall(route, [Message(Speaker.USER, QUESTION)], Timeouts(3, 15, 8, 45))

    async def ask() -> str:
        return "".join([piece.text async for piece in chat.stream(call)])

    yield ask
    await clients.close()


def _inference(process: Process) -> Ask:
    async def ask() -> object:
        return await events_of(process.peer, another_question())

    return ask


def _share(ours: Cost, theirs: Cost) -> str:
    return f"{ours.call / theirs.call:.2f} a call, {ours.chunk / theirs.chunk:.2f} a chunk"
