import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from kit.alive import DEAD_SECONDS, show_life
from kit.healthcheck import healthy


async def test_a_process_that_shows_life_is_healthy_and_one_that_stopped_is_not(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    environ = {"LECTERN_HEALTH_FILE": str(file)}
    async with AsyncExitStack() as stack:
        show_life(str(file), stack)
        await asyncio.sleep(0)
        assert await asyncio.to_thread(healthy, [], environ)

    long_ago = time.time() - DEAD_SECONDS - 1
    os.utime(file, (long_ago, long_ago))

    assert not await asyncio.to_thread(healthy, [], environ)


def test_where_nothing_says_whom_to_ask_that_is_told() -> None:
    with pytest.raises(LookupError, match="LECTERN_HEALTH_LISTEN"):
        healthy([], {})
