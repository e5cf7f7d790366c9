"""Runs the local stack: `python -m local`, with `--once` to stop after the first answers."""

import argparse
import asyncio
import signal
import sys

import httpx
from rich.console import Console

from local.binaries import MissingServerError
from local.demo import NoAnswerError
from local.program import StartError
from local.screen import Screen
from local.settings import LocalSettings, SettingError
from local.stack import DataInUseError, Stack
from local.tour import Tour


def main() -> None:
    """Start, show, stay until Ctrl-C or SIGTERM, stop."""
    parser = argparse.ArgumentParser(prog="make run", description="Runs the whole system on this machine.")
    parser.add_argument("--once", action="store_true", help="end after the first two answers, for scripts")
    console = Console()
    sys.exit(asyncio.run(_until_told(parser.parse_args().once, console, Screen(console))))


async def _until_told(once: bool, console: Console, screen: Screen) -> int:
    """Runs the stack as a task that signals cancel, so that a stop is orderly at any moment."""
    run = asyncio.create_task(_run(once, console, screen))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, run.cancel)
    try:
        return await run
    except asyncio.CancelledError:
        return 0
    except (SettingError, MissingServerError, DataInUseError) as error:
        screen.advice(str(error))
    except StartError as error:
        screen.failure(error)
    except (NoAnswerError, httpx.HTTPError) as error:
        screen.advice(f"The stack runs but did not answer: {error}")
    return 1


async def _run(once: bool, console: Console, screen: Screen) -> int:
    settings = LocalSettings.from_environment()
    for advice in settings.advice:
        screen.advice(advice)
    stack = Stack(settings, screen.event)
    for missing in stack.plan.missing:
        screen.advice(missing)
    if stack.plan.port != settings.port:
        screen.advice(f"Port {settings.port} is taken; this stack answers on {stack.plan.port}.")
    with console.status(f"Starting {len(stack.programs)} programs, data in {settings.data} ..."):
        await stack.start()
    try:
        await Tour(stack, screen).show()
        if not once:
            screen.line("\nCtrl-C stops everything.")
            await asyncio.Event().wait()
    finally:
        await stack.stop()
    return 0


if __name__ == "__main__":
    main()
