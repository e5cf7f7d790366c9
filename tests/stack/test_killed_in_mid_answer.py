"""A process dies in mid-answer, and the answer goes on."""

import asyncio
import os
import signal
from collections.abc import Sequence
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


async def test_it_goes_on_in_the_other_of_two_processes_that_services_share(tmp_path: Path) -> None:
    """As on small machines."""
    await answer_through_kills(tmp_path, ("services-1", "services-2"), shared=2)


async def test_it_goes_on_though_the_only_instance_of_a_service_must_return_first(tmp_path: Path) -> None:
    """As in Compose."""
    await answer_through_kills(tmp_path, ("inference", "gateway", "threads", "context"))


async def answer_through_kills(folder: Path, victims: Sequence[str], shared: int = 0) -> None:
    """A question for each victim, which is killed while it is answered."""
    async with AsyncExitStack() as exits:
        provider = await exits.enter_async_context(fake_provider({"text": ANSWER, "words_per_second": 15}))
        environ = own_environment() | {
            "OPENAI_BASE_URL": provider.base_url,
            "OPENAI_API_KEY": "none",
            "LECTERN_EMBEDDINGS_BASE_URL": provider.base_url,
        }
        settings = LocalSettings(
            data=folder,
            environ=environ,
            port=next(ports.free_ports()),
            parts=DATA | {*SERVICES, EDGE},
            shared=shared,
        )
        seen: asyncio.Queue[Event] = asyncio.Queue()
        stack = await exits.enter_async_context(Stack(settings, seen.put_nowait))
        teacher = {"authorization": f"Bearer {stack.token('teacher', Role.TEACHER)}"}
        async with httpx.AsyncClient(base_url=stack.base_url, headers=teacher, timeout=60, trust_env=False) as client:
            sample = await import_sample(client)
        session = await exits.enter_async_context(aiohttp.ClientSession())
        for victim in victims:
            text, killed = "", False
            question = Question(stack.token("ana"), sample.course, "", f"What does a wave carry? ({victim})", "")
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
