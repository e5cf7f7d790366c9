"""A backup taken under load and restored into an empty place: whether all that ended before it is there again.

Run by `python -m bench restore`. Students ask; reports wait in a paused queue; the files of MongoDB are copied while
it holds its writes for that (`fsync` with `lock`), and students ask on. Then a second system starts from the copy
alone, with both Redis empty. The command fails where a turn that ended before the backup is missing, or a job does not
go on.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from bench.load.asked import Asked
from bench.load.crowd import Crowd
from bench.load.doors import rest_doors
from bench.load.kept import lost
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from kit.auth.caller import Role
from local.parts import MONGODB

ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}
JOB_SECONDS = 120


@dataclass(frozen=True)
class Backup:
    """What was there when the files were copied, and how long writes were held for it."""

    before: Sequence[Asked]
    after: int
    jobs: Sequence[str]
    held_seconds: float
    mebibytes: float


async def back_up(origin: Path, target: Path, arguments: argparse.Namespace) -> Backup:
    """Runs the first system, and copies its database in mid-flight."""
    async with rig(Script(), {}, folder=origin) as running, AsyncExitStack() as exits:
        crowd = Crowd(running, await rest_doors(running.stack.base_url, arguments.students, exits))
        admin = await exits.enter_async_context(_client(running, "admin", Role.ADMIN))
        before = [each for each in await crowd.ask_for(arguments.seconds) if not each.error]
        (await admin.post("/v1/queues/reports:pause", json={})).raise_for_status()
        jobs = [await _ask_report(running, each) for each in _one_a_student(before)]
        asking = asyncio.create_task(crowd.ask_for(arguments.seconds))
        held = await _copy(running, origin / MONGODB, target / MONGODB)
        after = await asking
        size = sum(file.stat().st_size for file in (target / MONGODB).rglob("*") if file.is_file())
        return Backup(before, len(after), jobs, held, size / 1024**2)


async def _copy(running: Rig, files: Path, target: Path) -> float:
    """Seconds that writes were held; reads and answers from caches go on meanwhile."""
    async with AsyncMongoClient[dict[str, Any]](running.stack.setting("MONGODB_URI")) as client:
        began = time.monotonic()
        await client.admin.command("fsync", lock=True)
        try:
            await asyncio.to_thread(shutil.copytree, files, target, ignore=shutil.ignore_patterns("mongod.lock"))
        finally:
            await client.admin.command("fsyncUnlock")
        return time.monotonic() - began


def _one_a_student(asked: Sequence[Asked]) -> Sequence[Asked]:
    return list({each.user: each for each in asked}.values())


async def _ask_report(running: Rig, asked: Asked) -> str:
    async with _client(running, asked.user, Role.STUDENT) as client:
        answer = await client.post(f"/v1/{asked.thread}/reports", json={"requestId": f"report-{asked.user}"})
        answer.raise_for_status()
        return str(answer.json()["name"])


async def restore(folder: Path, backup: Backup, arguments: argparse.Namespace) -> bool:
    """Starts the second system, and compares."""
    began = time.monotonic()
    async with rig(Script(), {}, folder=folder) as running, AsyncExitStack() as exits:
        print(f"  started from the copy in {time.monotonic() - began:.1f} s", flush=True)
        missing = await lost(running, backup.before)
        admin = await exits.enter_async_context(_client(running, "admin", Role.ADMIN))
        (await admin.post("/v1/queues/reports:resume", json={})).raise_for_status()
        states = await asyncio.wait_for(asyncio.gather(*(_ended(admin, job) for job in backup.jobs)), JOB_SECONDS)
        crowd = Crowd(running, await rest_doors(running.stack.base_url, arguments.students, exits))
        asked = await crowd.ask_for(arguments.seconds)
        failed = sum(bool(each.error) for each in asked)
    print(f"  turns that ended before: {len(backup.before)}, faults {dict(missing) or 'none'}")
    print(f"  jobs that waited: {len(states)}, {states.count('SUCCEEDED')} succeeded from the copy")
    print(f"  asked afterwards: {len(asked)}, {failed} failed")
    return not missing and not failed and set(states) == {"SUCCEEDED"}


async def _ended(client: httpx.AsyncClient, job: str) -> str:
    while True:
        answer = await client.get(f"/v1/{job}")
        answer.raise_for_status()
        if answer.json()["state"] in ENDED:
            return str(answer.json()["state"])
        await asyncio.sleep(0.5)


def _client(running: Rig, user: str, role: Role) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {running.stack.token(user, role)}"}
    return httpx.AsyncClient(base_url=running.stack.base_url, headers=headers, timeout=60, trust_env=False)


async def measure(arguments: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory(prefix="lectern-restore-") as held:
        origin, target = Path(held) / "origin", Path(held) / "restored"
        target.mkdir()
        backup = await back_up(origin, target, arguments)
        print(f"{arguments.students} students ({machine()}):")
        print(f"  copied {backup.mebibytes:.0f} MiB, writes held for {backup.held_seconds:.2f} s, under load")
        print(
            f"  {backup.after} more were asked during and after; what ended after it is not in it",
            flush=True,
        )
        return await restore(target, backup, arguments)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench restore", description=__doc__)
    parser.add_argument("--students", type=int, default=12, help="how many ask at once")
    parser.add_argument("--seconds", type=float, default=5, help="how long they ask before, after, and at the end")
    sys.exit(not asyncio.run(measure(parser.parse_args())))


if __name__ == "__main__":
    main()
