"""One engine, and Lectern brought up whole by Compose, for all tests of this folder."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.sample_course import Imported
from tests.containers.compose import Compose
from tests.containers.engine import ROOT, Engine, engine
from tests.containers.images import LECTERN
from tests.deployed import DeployedEdge
from tests.waiting import wait_for

SECRET = "containers-secret-of-more-than-32-bytes"
EDGE = DeployedEdge("http://127.0.0.1:8080", SECRET)
SERVERS = ("inference", "context", "threads", "gateway", "dispatcher")
WORKERS = ("gateway-worker", "threads-worker", "context-worker")
LECTERNS = (*SERVERS, *WORKERS)
UNHURRIED = "unhurried"
SCRIPT = {
    "default": {"text": "A wave carries energy, not matter [1].", "words_per_second": 20},
    "rules": [
        {"holds": "You name conversations", "script": {"text": "Waves and energy", "first_token_ms": 3000}},
        {"holds": UNHURRIED, "script": {"words": 60, "text": "", "words_per_second": 6}},
    ],
}


@dataclass(frozen=True)
class System:
    """Lectern in containers, with the sample course in it."""

    compose: Compose
    sample: Imported


@pytest.fixture(scope="session")
def podman() -> Iterator[Engine]:
    with engine() as running:
        assert running.has_image(LECTERN), "run `make containers`, which builds the image first"
        yield running


@pytest.fixture(scope="session")
def compose(podman: Engine) -> Iterator[Compose]:
    """Everything up and healthy."""
    variables = {
        "LECTERN_IMAGE": LECTERN,
        "LECTERN_SOURCE": str(ROOT),
        "LECTERN_JWT_SECRET": SECRET,
        "LECTERN_SERVICE_SECRET": f"{SECRET}-services",
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": "http://provider:8000/v1",
        "PROVIDER_SCRIPT": json.dumps(SCRIPT),
    }
    stack = Compose(podman, variables)
    try:
        stack.run("up", "--detach", "--no-build", seconds=600)
        seconds = wait_for("a healthy stack", lambda: all_healthy(stack), 300, lambda: state_of(stack))
        print(f"\n  healthy {seconds:.0f} s after `compose up` returned", flush=True)
        yield stack
    finally:
        stack.run("down", "--volumes", seconds=300)


@pytest.fixture(scope="session")
def system(compose: Compose) -> System:
    return System(compose, asyncio.run(EDGE.import_sample()))


def all_healthy(stack: Compose) -> bool:
    return all(stack.container(service).healthy() for service in LECTERNS) and EDGE.is_ready()


def state_of(stack: Compose) -> str:
    """What a person would look at first."""
    sick = [container for container in stack.containers() if container.state["Status"] != "running"]
    sick += [stack.container(service) for service in LECTERNS if not stack.container(service).healthy()]
    listed = stack.engine.run("ps", "--all", "--format", "{{.Names}} {{.Status}}")
    return "\n".join([listed, *(f"--- {container.name}\n{container.logs()}" for container in sick)])
