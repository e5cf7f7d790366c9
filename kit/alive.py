"""A sign of life of processes that serve nothing: their event loop touches a file, whose age tells how they are."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

EVERY_SECONDS = 10.0
DEAD_SECONDS = 45.0


def show_life(file: str, stack: AsyncExitStack) -> None:
    """Touches the file from now on until the stack ends; without a name it shows nothing."""
    if file:
        stack.callback(asyncio.create_task(_touch(Path(file))).cancel)


def alive(file: Path) -> bool:
    """Whether the file was touched lately. Raises FileNotFoundError where it never was."""
    return time.time() - file.stat().st_mtime < DEAD_SECONDS


async def _touch(file: Path) -> None:
    while True:
        _mark(file)
        await asyncio.sleep(EVERY_SECONDS)


def _mark(file: Path) -> None:
    file.touch()  # one system call on a file system in memory: the loop may wait for it
