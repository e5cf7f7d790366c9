"""A provider that asks to be left alone, and one that falls silent in mid-answer."""

import asyncio
import time

from lectern.inference.v1 import generation_pb2_grpc

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote, fake_provider
from bench.inference.fleet import Process, another_question, fleet
from bench.load.asked import percentile
from tests.inference import STUDENT, events_of, providers_json

WORDS = 30
CALLS = 60
DEADLINE = 5.0
STALLS = 10
STALL_AFTER = 5


async def run() -> None:
    async with fake_provider({"words": WORDS}) as one, fake_provider({"words": WORDS}) as two:
        await _left_alone(one, two)
        await _alone_and_full(one)
        await _stalled(one, two)


async def _left_alone(one: Remote, two: Remote) -> None:
    await one.script(status=429, retry_after=300)
    async with fleet(2, providers_json(one, two)) as processes:
        seconds = [await _timed(processes[number % 2]) for number in range(CALLS)]
    requests = (await one.counts())["requests"]
    print(f"429 with Retry-After 300, {CALLS} calls to 2 processes: calls to that provider {requests}")
    print(f"  beyond the deadline of {DEADLINE:g} s: {sum(each > DEADLINE for each in seconds)}", end="")
    print(f", the longest took {max(seconds):.2f} s")


async def _alone_and_full(one: Remote) -> None:
    """With no other provider, the passages are the answer, in time."""
    await one.reset()
    async with fleet(1, providers_json(one), queue_seconds=1) as (process,):
        seconds = [await _timed(process) for _ in range(5)]
    requests = (await one.counts())["requests"]
    print(f"  the same with no other provider, 5 calls: calls to it {requests}, the longest took {max(seconds):.2f} s")


async def _timed(process: Process) -> float:
    began = time.monotonic()
    async with asyncio.timeout(DEADLINE * 2):
        events = await events_of(process.peer, another_question())
    assert events[-1].HasField("finish")
    return time.monotonic() - began


async def _stalled(one: Remote, two: Remote) -> None:
    await one.script(words=WORDS, stall_after=STALL_AFTER)
    await two.script(words=WORDS, repeat_words=3)
    async with fleet(1, providers_json(one, two), breaker_minimum=1000) as (process,):
        silences = await asyncio.gather(*(_silence(process) for _ in range(STALLS)))
    whole = sum(text == " ".join(f"w{number:04d}" for number in range(1, WORDS + 1)) for _, text in silences)
    seconds = [silence for silence, _ in silences]
    print(
        f"stalled after token {STALL_AFTER}, {STALLS} times: whole {whole}, from the last token to the notice ", end=""
    )
    print(f"p50 {percentile(seconds, 0.5):.2f} s, max {max(seconds):.2f} s (the limit between tokens is 8 s)")


async def _silence(process: Process) -> tuple[float, str]:
    """Seconds from the last token before the notice to the notice, and the whole text."""
    stub = process.peer.stub(generation_pb2_grpc.GenerationServiceStub)
    last, silence, text = 0.0, 0.0, ""
    async for event in process.peer.stream(stub.StreamGenerate, another_question(), STUDENT, timeout=60):
        if event.HasField("notice"):
            silence = time.monotonic() - last
        last, text = time.monotonic(), text + event.delta
    assert numbers_in(text)
    return silence, text
