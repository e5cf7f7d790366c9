"""What README.md and docs/api.md tell people to type works as it stands, in its order, on a stack as `make run` has it.

The port alone is another one, and the model says what it is told to, so that nobody waits for the demo's.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from bench.fake_provider.process import fake_provider
from kit.auth.caller import Role
from local import ports
from local.sample_course import import_sample
from local.settings import LocalSettings
from local.stack import Stack
from tests.e2e.conftest import own_environment
from tests.pdfs import a_pdf

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/api.md")
FENCE = re.compile(r"^```(\w*) *([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
APART = "apart"
# Blocks that are marked as not to be run here, by their first words, and why.
REASONS = {
    "make run": "the stack of this test is what it starts; tests/e2e/test_tour.py follows it to its end",
    "make test": "these are the tests",
    "# the name of an answer that was cut": "no answer is cut here, and what ended by itself is not gone on with",
}
# `curl` is the one of the documents, but an answer that is an error fails, as nobody looks at the screen.
PRELUDE = """
set -Eeuo pipefail
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
curl() { command curl --fail-with-body --show-error "$@"; }
"""
SAID = "A wave carries energy and not matter"
QUESTION = {
    "text": "What does a wave carry?",
    "options": ["Matter", "Energy"],
    "answer": 1,
    "explanation": "It leaves matter behind.",
    "passage": 1,
    "quote": SAID,
}
TOLD: dict[str, Any] = {
    "You write a quiz": {"title": "Waves", "questions": [QUESTION]},
    "You divide a document": {"chapters": [{"title": "Waves", "firstPage": 1}]},
    "You summarise the chapter": {"summary": "About waves.", "points": [{"passage": 1, "quote": SAID}]},
}

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what stands behind it, and its text."""

    language: str
    info: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in FENCE.findall((ROOT / page).read_text())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with fake_provider({"words": 30}) as provider:
        rules = [{"holds": said, "script": {"text": orjson.dumps(text).decode()}} for said, text in TOLD.items()]
        await provider.script(rules, words=30)
        listed = [{"name": "told", "baseUrl": provider.base_url, "models": {"default": "told"}}]
        own = {
            "LECTERN_PROVIDERS": orjson.dumps(listed).decode(),
            "LECTERN_DATA": str(tmp_path_factory.mktemp("documented")),
            "LECTERN_PORT": str(next(ports.free_ports())),
        }
        async with Stack(LocalSettings.from_environment(own_environment() | own)) as running:
            headers = {"authorization": f"Bearer {running.token('sample-teacher', Role.TEACHER)}"}
            async with httpx.AsyncClient(base_url=running.base_url, headers=headers, trust_env=False) as teacher:
                await import_sample(teacher)
            yield running


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The repository as its reader stands in it, with a PDF of theirs; what they write there is gone afterwards."""
    for each in ROOT.iterdir():
        if each.name != ".data":
            (tmp_path / each.name).symlink_to(each)
    (tmp_path / "script.pdf").write_bytes(a_pdf(["What is a wave? " + SAID + ".", "A string swings as a whole."]))
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
async def test_every_command_runs_as_it_stands(page: str, stack: Stack, desk: Path) -> None:
    script = PRELUDE + "\n".join(_lines(page, desk, stack))
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script,
        cwd=desk,
        env=own_environment() | {"NO_PROXY": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problems = await process.communicate()
    assert process.returncode == 0, f"{out.decode()[-2000:]}\n{problems.decode()[-2000:]}"
    assert '"failed":{' not in out.decode()
    assert '"state":"FAILED"' not in out.decode()
    assert b'"completed":{' in out


def _lines(page: str, desk: Path, stack: Stack) -> Iterator[str]:
    """The commands of a page; its programs are written to the files that they name."""
    for block in blocks(page):
        text = block.text.replace("127.0.0.1:8080", stack.target)
        if block.language == "python":
            (desk / block.info).write_text(text)
        elif block.language == "console" and block.info != APART:
            yield text


@pytest.mark.parametrize("page", PAGES)
async def test_what_is_not_run_is_marked_and_has_a_reason(page: str) -> None:
    found = blocks(page)
    assert {block.language for block in found} <= {"console", "python"}
    assert all(block.info.endswith(".py") for block in found if block.language == "python")
    told = [block.text for block in found if block.info == APART]
    assert all(any(text.startswith(words) for words in REASONS) for text in told), told
    programs = {block.info for block in found if block.language == "python"}
    run = "\n".join(block.text for block in found if block.language == "console")
    assert all(program in run for program in programs)
    assert "…" not in "\n".join(block.text for block in found if block.language == "console" and block.info != APART)
