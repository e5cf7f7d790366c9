"""Programs that nobody waits for, such as workers."""

import asyncio
from pathlib import Path

from local.program import Event, Program, Ready, StartFailed, Tier
from local.supervisor import Supervisor

SECOND_TIME = "test -e came && touch ready && exec sleep 60; touch came; exit 3"


async def test_a_program_that_fails_at_first_is_started_again_and_nobody_waits(tmp_path: Path) -> None:
    events: list[Event] = []
    back = asyncio.Event()

    def observe(event: Event) -> None:
        events.append(event)
        if isinstance(event, Ready):
            back.set()

    async def ready() -> None:
        if not (tmp_path / "ready").exists():
            raise FileNotFoundError

    program = Program(
        name="late",
        tier=Tier.WORKERS,
        command=("sh", "-c", f"cd {tmp_path}; {SECOND_TIME}"),
        address="",
        ready=ready,
        environment={"PATH": "/usr/bin:/bin"},
        awaited=False,
    )
    supervisor = Supervisor([program], tmp_path / "logs", observe)
    await supervisor.start()
    assert events == []
    await back.wait()
    assert isinstance(events[0], StartFailed)
    assert "exit code 3" in events[0].reason
    await supervisor.stop()
