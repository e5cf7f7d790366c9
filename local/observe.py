"""`make observe`: the local stack with Prometheus and a viewer of traces beside it, and one turn to look at."""

import argparse
import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from rich.console import Console

from kit.auth.caller import Role
from local import ports
from local.binaries import MissingServerError
from local.program import StartError
from local.programs.observe import phoenix
from local.prometheus import Prometheus
from local.sample_course import Imported, import_sample
from local.screen import Screen
from local.settings import DEMO_USER, LocalSettings, SettingError
from local.stack import DataInUseError, Stack
from local.supervisor import Supervisor

QUESTION = "What is the difference between a transverse and a longitudinal wave?"
# Spans are told every second, and the turn's last ones come after its answer.
TRACE_SECONDS, SPANS_SETTLE_SECONDS = 60.0, 2.0


class NoTraceError(Exception):
    """A turn whose trace did not arrive."""


class Viewer:
    """Phoenix, until the block ends."""

    def __init__(self, python: Path, data: Path, screen: Screen) -> None:
        free = ports.free_ports()
        otlp = next(free)
        self.program = phoenix(python, next(free), otlp, data)
        self.endpoint = f"http://{ports.HOST}:{otlp}"
        self._supervisor = Supervisor([self.program], data / "logs", screen.event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self._supervisor.start()
        try:
            yield
        finally:
            await self._supervisor.stop()

    async def page_of(self, request: str) -> str:
        """The page of the trace that a request id leads to, once the edge has told of the request."""
        found: dict[str, str | int] = {"attribute": f"lectern.request_id:{request}", "limit": 1}
        async with httpx.AsyncClient(base_url=self.program.address, timeout=10, trust_env=False) as client:
            for _ in range(round(TRACE_SECONDS)):
                answer = await client.get("/v1/projects/default/spans", params=found)
                spans = answer.json()["data"] if answer.is_success else []
                if spans:
                    await asyncio.sleep(SPANS_SETTLE_SECONDS)
                    return f"{self.program.address}/redirects/traces/{spans[0]['context']['trace_id']}"
                await asyncio.sleep(1)  # nobody tells when a span has come
        raise NoTraceError(f"The trace of the request {request} did not arrive.")


async def observe(settings: LocalSettings, python: Path, console: Console, *, once: bool) -> None:
    """Starts everything, asks, shows the addresses, and stays until it is cancelled."""
    screen = Screen(console)
    viewer = Viewer(python, settings.data, screen)
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": viewer.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "1000"}
    stack = Stack(replace(settings, environ={**settings.environ, **told}), screen.event)
    try:
        async with viewer.running(), stack, Prometheus(stack.plan.metrics, settings.data, screen.event) as prometheus:
            request = await _ask(stack)
            _show(screen, stack, prometheus.url, viewer, request, await viewer.page_of(request))
            if not once:
                screen.line("\nCtrl-C stops everything.")
                await asyncio.Event().wait()
    finally:
        await stack.stop()


async def _ask(stack: Stack) -> str:
    """One question of a student's; the id of its request."""
    sample = await _sample(stack)
    body = {"course": sample.course, "videoUrl": sample.video_url, "message": QUESTION}
    headers = {"authorization": f"Bearer {stack.token(DEMO_USER)}", "x-request-id": f"observe-{uuid.uuid4().hex[:12]}"}
    async with httpx.AsyncClient(base_url=stack.base_url, headers=headers, timeout=120, trust_env=False) as student:
        answer = await student.post("/v1/chat", json=body)
    answer.raise_for_status()
    return answer.headers["x-request-id"]


async def _sample(stack: Stack) -> Imported:
    headers = {"authorization": f"Bearer {stack.token('sample-teacher', Role.TEACHER)}"}
    async with httpx.AsyncClient(base_url=stack.base_url, headers=headers, timeout=60, trust_env=False) as teacher:
        return await import_sample(teacher)


def _show(screen: Screen, stack: Stack, prometheus: str, viewer: Viewer, request: str, page: str) -> None:
    screen.line(f"\nAsked: {QUESTION}")
    for what, address in (
        ("Its request", request),
        ("Its trace", page),
        ("All traces", viewer.program.address),
        ("Prometheus", prometheus),
        ("Alerts", f"{prometheus}/alerts"),
        ("Playground", f"{stack.base_url}/"),
    ):
        screen.line(f"{what:<14} {address}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make observe", description="Runs the local stack with what observes it.")
    parser.add_argument("--viewer", type=Path, required=True, help="the Python of the environment that has Phoenix")
    parser.add_argument("--once", action="store_true", help="end once the addresses are shown, for scripts")
    sys.exit(asyncio.run(_until_told(parser.parse_args())))


async def _until_told(arguments: argparse.Namespace) -> int:
    """Runs as a task that signals cancel, so that a stop is orderly at any moment."""
    console = Console()
    screen = Screen(console)
    settings = LocalSettings.from_environment(os.environ)
    run = asyncio.create_task(observe(settings, arguments.viewer, console, once=arguments.once))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, run.cancel)
    try:
        await run
    except asyncio.CancelledError:
        return 0
    except (SettingError, MissingServerError, DataInUseError, NoTraceError) as error:
        screen.advice(str(error))
    except StartError as error:
        screen.failure(error)
    except httpx.HTTPError as error:
        screen.advice(f"The stack runs but did not answer: {error}")
    else:
        return 0
    return 1


if __name__ == "__main__":
    main()
