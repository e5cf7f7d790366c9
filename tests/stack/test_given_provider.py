"""A stack that was given a provider of its own: that one answers, and nothing is left of the demo model."""

from pathlib import Path

import httpx
import orjson
import pytest

from bench.fake_provider.process import fake_provider
from kit.auth.caller import Role
from local import ports
from local.demo import Question, ask_by_rest
from local.sample_course import import_sample
from local.settings import LocalSettings
from local.stack import Stack
from tests.e2e.conftest import own_environment


def client(stack: Stack, role: Role) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {stack.token('somebody', role)}"}
    return httpx.AsyncClient(base_url=stack.base_url, headers=headers, timeout=60, trust_env=False)


@pytest.mark.timeout(180)
async def test_a_list_of_providers_answers_instead_of_the_demo_model(tmp_path: Path) -> None:
    async with fake_provider({"text": "Both swing [1]."}) as provider:
        listed = [{"name": "given", "baseUrl": provider.base_url, "models": {"default": "some-model"}}]
        environ = own_environment() | {"LECTERN_PROVIDERS": orjson.dumps(listed).decode()}
        own = {"LECTERN_DATA": str(tmp_path), "LECTERN_PORT": str(next(ports.free_ports()))}
        settings = LocalSettings.from_environment(environ | own)
        async with Stack(settings) as stack:
            assert "llama" not in stack.programs
            async with client(stack, Role.TEACHER) as teacher:
                sample = await import_sample(teacher)
            async with client(stack, Role.STUDENT) as student:
                answer = await ask_by_rest(student, Question(sample.course, sample.video_url, "What swings?"))
                shown = (await student.get("/playground/config.json")).json()
    assert answer.text == "Both swing [1]."
    assert shown["demo"] is False
