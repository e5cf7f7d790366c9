"""Asks a model through the real inference service, as turns do."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from lectern.inference.v1 import generation_pb2 as pb
from lectern.inference.v1 import generation_pb2_grpc

from bench.evaluation.items import Item
from bench.inference.fleet import fleet, until
from kit.auth.caller import Caller
from kit.channel import Peer
from local import binaries
from local.probes import http_answers
from local.programs.models import CHAT_MODEL_NAME, DEMO, base_url
from services.inference.configuration import providers
from services.inference.settings import InferenceSettings
from tests.servers import free_port, started

STUDENT = Caller("default", "evaluation")
SECONDS = 180.0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said to an item; `policy` is what was followed, as in `hints:2`."""

    item: Item
    text: str
    policy: str
    provider: str
    model: str
    finish_reason: str


@asynccontextmanager
async def inference(version: str, given: str) -> AsyncIterator[Peer]:
    """An inference with this version of the prompt; `given` are its providers as in LECTERN_PROVIDERS, or empty."""
    limits = {name.removeprefix("LECTERN_").lower(): value for name, value in _demo_limits().items()} if given else {}
    async with fleet(1, given or os.environ.get("LECTERN_PROVIDERS", ""), prompt_version=version, **limits) as (one,):
        yield one.peer


def configured() -> bool:
    """Whether the environment names a provider."""
    return bool(providers(InferenceSettings(), os.environ))


@asynccontextmanager
async def demo_model() -> AsyncIterator[str]:
    """The demo model of the local stack, as providers for `inference`."""
    port = free_port()
    with _llama(port):
        await until(http_answers(f"http://127.0.0.1:{port}/health"))
        entry = {"name": "demo", "baseUrl": base_url(port), "models": {"default": CHAT_MODEL_NAME}}
        yield orjson.dumps([{**entry, "contextTokens": 4096}]).decode()


async def answers(peer: Peer, items: Sequence[Item], at_once: int) -> list[Answer]:
    """The answers to all items; hints are asked for twice, for the second rung. So many are asked at once."""
    room = asyncio.Semaphore(at_once)
    rows = await asyncio.gather(*(_answered(peer, item, room) for item in items))
    return [answer for row in rows for answer in row]


async def _answered(peer: Peer, item: Item, room: asyncio.Semaphore) -> list[Answer]:
    async with room:
        first = await _ask(peer, item, item.question.text, ())
        if item.policy != "hints":
            return [first]
        past = (_said(pb.PromptMessage.USER, item.question.text), _said(pb.PromptMessage.ASSISTANT, first.text))
        return [first, await _ask(peer, item, item.question.text, past)]


async def _ask(peer: Peer, item: Item, question: str, history: Sequence[pb.PromptMessage]) -> Answer:
    tutoring = pb.StreamGenerateRequest.Tutoring(
        course=f"courses/{item.lecture.id}",
        course_title=item.lecture.title,
        video_title=item.lecture.title,
        policy=item.policy,
        sources=list(_sources(item)),
        history=history,
        question=question,
    )
    stub, text, end = peer.stub(generation_pb2_grpc.GenerationServiceStub), "", pb.StreamGenerateResponse.Finish()
    request = pb.StreamGenerateRequest(purpose=pb.PURPOSE_CHAT, tutoring=tutoring)
    async for event in peer.stream(stub.StreamGenerate, request, STUDENT, timeout=SECONDS):
        text, end = text + event.delta, event.finish if event.HasField("finish") else end
    return Answer(item, text, end.policy, end.provider, end.model, "degraded" if end.degraded else end.finish_reason)


def _sources(item: Item) -> Iterator[pb.StreamGenerateRequest.Source]:
    for number, cues in enumerate(item.lecture.passages):
        minutes, seconds = divmod(int(cues[0].start), 60)
        yield pb.StreamGenerateRequest.Source(
            id=f"{item.lecture.id}-{number}",
            text=" ".join(cue.text for cue in cues),
            label=f"{item.lecture.title}, {minutes:02d}:{seconds:02d}",
        )


def _said(role: "pb.PromptMessage.Role.ValueType", text: str) -> pb.PromptMessage:
    return pb.PromptMessage(role=role, text=text)


def _demo_limits() -> dict[str, str]:
    """How the local stack bounds the demo model, but for how much of the course it reads."""
    return {name: value for name, value in DEMO.items() if name.startswith("LECTERN_CHAT") or "TIMEOUT" in name}


@contextmanager
def _llama(port: int) -> Iterator[None]:
    model = ("--model", str(binaries.chat_model()), "--alias", CHAT_MODEL_NAME)
    command = [sys.executable, "-m", "local.llama", "--port", str(port), *model]
    with TemporaryDirectory(prefix="lectern-evaluation-") as folder:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with started(command, Path(folder) / "llama.log", env):
            yield
