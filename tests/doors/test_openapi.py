"""The whole public port, held to its own description by generated requests, and its pages in a real browser."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import pytest_asyncio
from openai.types.chat import ChatCompletionMessageParam
from playwright.async_api import ConsoleMessage, expect

from bench.fake_provider.process import Remote, fake_provider
from kit.auth.caller import Role
from local import ports
from local.background import BackgroundStack
from local.sample_course import import_sample
from local.settings import LocalSettings
from tests.browser import opened_page
from tests.e2e.conftest import own_environment

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Streams that end only when their reader leaves.
ENDLESS = ":watch$"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "3")
MESSAGE: ChatCompletionMessageParam = {"role": "user", "content": "What does a wave carry?"}
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")


@dataclass(frozen=True)
class Edge:
    """A running system behind Envoy; `token` has all roles."""

    url: str
    token: str
    folder: Path
    provider: Remote


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    data = tmp_path_factory.mktemp("described")
    async with fake_provider({"text": "A wave carries energy [1]."}) as provider:
        environ = own_environment() | {
            "OPENAI_BASE_URL": provider.base_url,
            "OPENAI_API_KEY": "scripted",
            "LECTERN_EMBEDDINGS_BASE_URL": provider.base_url,
            "LECTERN_EMBEDDINGS_MODEL": "scripted",
        }
        background = BackgroundStack(LocalSettings(data=data, environ=environ, port=next(ports.free_ports())))
        await asyncio.to_thread(background.__enter__)
        try:
            stack = background.stack
            token = stack.token("root", Role.ADMIN)
            teacher = {"authorization": f"Bearer {stack.token('teacher', Role.TEACHER)}"}
            async with httpx.AsyncClient(
                base_url=stack.base_url, headers=teacher, timeout=60, trust_env=False
            ) as client:
                await import_sample(client)
            yield Edge(stack.base_url, token, data, provider)
        finally:
            await asyncio.to_thread(background.__exit__, None, None, None)


async def test_the_openai_client_streams_through_the_edge(edge: Edge) -> None:
    await edge.provider.script(words=40, words_per_second=20)
    http: Any = httpx.AsyncClient(trust_env=False)
    early = False
    async with openai.AsyncOpenAI(base_url=f"{edge.url}/openai/v1", api_key=edge.token, http_client=http) as client:
        stream = await client.chat.completions.create(model="lectern", messages=[MESSAGE], stream=True)
        async for chunk in stream:
            if chunk.choices[0].delta.content and not early:
                early = (await edge.provider.counts())["open_requests"] > 0
        whole = await client.chat.completions.with_raw_response.create(model="lectern", messages=[MESSAGE])
    assert early
    assert chunk.choices[0].finish_reason == "stop"
    assert whole.headers["x-request-id"]
    await edge.provider.script(text="A wave carries energy [1].")


async def test_generated_requests_meet_no_5xx_and_no_undocumented_status(edge: Edge) -> None:
    command = [
        *(
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            f"{edge.url}/openapi.json",
            "--header",
            f"Authorization: Bearer {edge.token}",
        ),
        *("--checks", CHECKS, "--exclude-path-regex", ENDLESS, "--max-examples", EXAMPLES, "--seed", SEED),
        *("--phases", "examples,coverage,fuzzing", "--request-timeout", "30", "--no-color", "--warnings", "off"),
        *("--suppress-health-check", "all", "--workers", "1", "--continue-on-failure"),
    ]
    environment = {**os.environ, "NO_PROXY": "*"}
    ran = await asyncio.to_thread(
        subprocess.run, command, cwd=edge.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-2_000:]


async def test_the_docs_open_in_a_browser_that_reaches_nothing_else(edge: Edge) -> None:
    asked: list[str] = []
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    async with opened_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", said)
        await page.goto(f"{edge.url}/docs")
        await expect(page.locator(".info .title")).to_contain_text("Lectern")
        await page.locator("h3[data-tag='Chat'] button").first.click()
        await expect(page.locator("#operations-Chat-ChatService_StreamTurn")).to_be_visible()
    assert [url for url in asked if not url.startswith((edge.url, "data:"))] == []
    assert complaints == []


async def test_operators_look_and_steer_at_the_console(edge: Edge) -> None:
    complaints: list[str] = []
    async with opened_page() as page:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(f"{edge.url}/console")
        await expect(page.locator("#parts")).to_contain_text("mongodb")
        await expect(page.locator("#providers tbody tr").first).to_contain_text("closed")
        quizzes = page.locator("#queues tr", has_text="quizzes")
        await quizzes.get_by_text("Pause").click()
        await expect(quizzes.locator(".chip")).to_have_text("paused")
        await quizzes.get_by_text("Resume").click()
        await expect(quizzes.locator(".chip")).to_have_count(0)
        await page.select_option("#job-state", "RUNNING")
        await expect(page.locator("#jobs .chip", has_text="succeeded")).to_have_count(0)
        await page.click("#sign-in")
        await page.click("#sign-out")
        await expect(page.locator("#sign-in-why")).to_contain_text("for admins")
        await expect(page.locator("#panels")).to_be_hidden()
        await page.fill("#token", edge.token)
        await page.get_by_role("button", name="Sign in", exact=True).last.click()
        await expect(page.locator("#panels")).to_be_visible()
    assert complaints == []
