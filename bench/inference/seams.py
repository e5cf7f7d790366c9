"""Answers that break off and are continued by the real local model: each seam is shown, and what was trimmed at it."""

import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
from lectern.inference.v1 import generation_pb2 as pb

from bench.fake_provider.process import Remote, fake_provider
from bench.inference.fleet import Process, fleet
from bench.inference.recorder import Recorder, recorder
from local.programs import models
from local.supervisor import Supervisor
from tests.inference import STUDENT, events_of, text_of
from tests.servers import free_port

SEAMS = 20
SHOWN = 40
MARK = " ⟂ "
FIRST_CUT = 6
QUESTION = "Explain to a student what a wave is, in a few sentences."
SAID = (
    "A wave is a disturbance that travels through a medium and carries energy from one place to another without "
    "carrying the matter along with it, so the particles of the medium only move to and fro about their places"
)


async def run() -> None:
    with tempfile.TemporaryDirectory(prefix="lectern-seams-") as folder:
        program = models.chat(free_port(), os.environ)
        model = Supervisor([program], Path(folder), lambda event: None)
        await model.start()
        try:
            async with recorder(f"http://{program.address}/v1") as heard:
                await _seams(heard, prefill=False)
                await _seams(heard, prefill=True)
        finally:
            await model.stop()


async def _seams(heard: Recorder, *, prefill: bool) -> None:
    how = "goes on at the last letter" if prefill else "is asked to repeat three words"
    trimmed = joined = 0
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(fake_provider())
        (process,) = await stack.enter_async_context(fleet(1, _providers(first, heard, prefill), breaker_minimum=1000))
        for words in range(FIRST_CUT, FIRST_CUT + SEAMS, 2):
            await first.script(text=SAID, cut_after=words)
            said, added, raw = await _seam(process, heard, words)
            overlap = len(raw.strip()) - len(added.strip())
            trimmed += overlap > 0
            joined += not _repeated(said, added)
            print(f"  …{said[-SHOWN:]}{MARK}{added[:SHOWN]!r}  (trimmed: {raw.strip()[:overlap]!r})")
    print(f"{SEAMS // 2} seams where the model {how}: without a repetition {joined}, with an overlap trimmed {trimmed}")


async def _seam(process: Process, heard: Recorder, words: int) -> tuple[str, str, str]:
    """What was said before the seam, what was added, and what the model really said."""
    message = pb.PromptMessage(role=pb.PromptMessage.USER, text=QUESTION)
    ask = pb.StreamGenerateRequest(purpose=pb.PURPOSE_COMPLETION, messages=[message], max_tokens=90, temperature=0.0)
    heard.take()
    text = text_of(await events_of(process.peer, ask, STUDENT))
    said = " ".join(SAID.split()[:words])
    return said, text.removeprefix(said), heard.take()


def _repeated(said: str, added: str) -> bool:
    """Whether the continuation begins with two or more of the last words before it."""
    before, after = said.split(), added.split()
    return any(before[-count:] == after[:count] for count in range(2, 8))


def _providers(first: Remote, heard: Recorder, prefill: bool) -> str:
    cutting = {"name": "first", "baseUrl": first.base_url, "models": {"default": "fake"}}
    real = {"name": "local", "baseUrl": heard.base_url, "models": {"default": models.CHAT_MODEL_NAME}}
    return orjson.dumps([cutting, {**real, "prefill": prefill}]).decode()
