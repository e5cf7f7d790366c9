"""All four services in each of two processes, as on small machines: one dies in mid-answer, the other goes on."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import aiohttp
import httpx

from bench.fake_provider.process import fake_provider
from bench.load.doors import Question
from bench.load.resuming import ResumingDoor
from kit.auth.caller import Role
from local import ports
from local.parts import DATA, EDGE, SERVICES
from local.program import Event, Ready
from local.sample_course import import_sample
from local.settings import LocalSettings
from local.stack import Stack
from tests.e2e.conftest import own_environment

ANSWER = "A wave carries energy from place to place and leaves the medium where it is, so a cork only bobs up and down."


async def test_an_answer_goes_on_though_each_process_is_killed_in_turn(tmp_path: Path) -> None:
    async with AsyncExitStack() as exits:
        provider = await exits.enter_async_context(fake_provider({"text": ANSWER, "words_per_second": 15}))
        environ = own_environment() | {
            "OPENAI_BASE_URL": provider.base_url,
            "OPENAI_API_KEY": "none",
            "LECTERN_EMBEDDINGS_BASE_URL": provider.base_url,
        }
        settings = LocalSettings(
            data=tmp_path,
            environ=environ,
            port=next(ports.free_ports()),
            parts=DATA | {*SERVICES, EDGE},
            shared=2,
        )
        seen: asyncio.Queue[Event] = asyncio.Queue()
        stack = await exits.enter_async_context(Stack(settings, seen.put_nowait))
        teacher = {"authorization": f"Bearer {stack.token('teacher', Role.TEACHER)}"}
        async with httpx.AsyncClient(base_url=stack.base_url, headers=teacher, timeout=60, trust_env=False) as client:
            sample = await import_sample(client)
        session = await exits.enter_async_context(aiohttp.ClientSession())
        for number, victim in enumerate(("services-1", "services-2"), 1):
            text, killed = "", False
            question = Question(stack.token("ana"), sample.course, "", f"What does a wave carry? ({number})", "")
            async with aclosing(ResumingDoor(session, stack.base_url).ask(question)) as said:  # type: ignore[type-var]
                async for each in said:
                    text += each.text
                    if text.count(" ") > 4 and not killed:
                        killed = True
                        os.kill(stack.pid(victim), signal.SIGKILL)
                    if each.final:
                        assert each.answer == ANSWER
                        assert text == ANSWER
            assert killed
            await _back(seen, victim)


async def _back(seen: asyncio.Queue[Event], name: str) -> None:
    """Returns once the program was started again."""
    while not (isinstance(event := await seen.get(), Ready) and event.name == name and event.restarted):
        pass
