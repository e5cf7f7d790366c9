"""Each of the older systems' endpoints by curl, beside the shape that its document prints.

Run by `python -m bench legacy`. A call whose answer lacks a documented field fails the command.
"""

import asyncio
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from bench.load.rig import Rig, Script, rig
from tests.pdfs import a_pdf

WIDTH = 62
LINES = 16

Known = Mapping[str, str]


@dataclass(frozen=True)
class Call:
    """A call as it is documented; `{name}` stands for what an earlier answer told."""

    options: str
    path: str
    documented: str
    learn: Callable[[Any], Known] = lambda _: {}


SUCCESS = '"success": true, "data":'
BREAKER = '{"state": "closed", "stats": {}}'
STATS = '{"waiting": 0, "active": 1, "completed": 523, "failed": 2}'
CALLS = (
    Call(
        "-G --data-urlencode 'message=What is a wave?' -d courseId={course} --data-urlencode 'videoUrl={video}'",
        "/api/trainer/chat",
        f'{{{SUCCESS} {{"response": "…", "threadId": "…"}}}}',
        lambda body: {"session": body["data"]["threadId"]},
    ),
    Call("", "/api/trainer/health", f'{{{SUCCESS} {{"status": "healthy", "redis": true, "timestamp": "…"}}}}'),
    Call(
        "",
        "/api/trainer/stats",
        f'{{{SUCCESS} {{"activeThreads": 0, "cacheHitRate": 0.8, "memory": {{}}, "redis": true}}}}',
    ),
    Call("-X POST", "/api/trainer/preload", f"{{{SUCCESS} {{}}}}"),
    Call("-X DELETE", "/api/trainer/cache/{course}", f"{{{SUCCESS} {{}}}}"),
    Call(
        "",
        "/api/admin/breaker-stats",
        f'{{"database": {BREAKER}, "aiProviders": {{"AI-openai": {BREAKER}}}}}',
    ),
    Call(
        "",
        "/api/admin/cache-stats",
        '{"memory": {"hits": 1234, "misses": 56, "keys": 23}, "redis": {"status": "ready", "ready": true}}',
    ),
    Call(
        "",
        "/api/admin/queue-stats",
        f'{{"titleGeneration": {STATS}, "analytics": {STATS}, "redis": {{"status": "ready", "ready": true}}}}',
    ),
    Call("", "/api/worker-stats", '{"active_workers": {}, "active_tasks": {}, "scheduled_tasks": {}}'),
    Call("", "/api/courses", '[{"id": "…", "title": "…"}]'),
    Call(
        "-X POST",
        "/api/reports/session/{session}",
        '{"success": true, "status": "queued", "jobId": "report-abc123", "message": "…", "statusUrl": "…"}',
    ),
    Call(
        "",
        "/api/reports/session/{session}/status",
        '{"success": true, "status": "active", "progress": 65, "jobId": "report-abc123"}',
    ),
    Call(
        "-X POST -F files=@{pdf} -F 'course_title=Course 1'",
        "/api/upload-pdfs",
        '{"task_id": "abc-123-def"}',
        lambda body: {"job": body["task_id"]},
    ),
    Call("", "/api/jobs/{job}", '{"task_id": "abc-123-def", "status": "STARTED", "progress": 45, "message": "…"}'),
)


async def run() -> int:
    """How many calls did not answer as documented."""
    async with rig(Script(), {}) as system:
        pdf = system.stack.settings.data / "test1.pdf"
        pdf.write_bytes(a_pdf(["A wave carries energy from place to place, but no matter."]))
        known = {"course": system.course.removeprefix("courses/"), "video": system.video_url, "pdf": str(pdf)}
        return sum([await _shown(system, call, known) for call in CALLS])


async def _shown(system: Rig, call: Call, known: dict[str, str]) -> bool:
    """Prints the call with both shapes; says whether it failed, and remembers what it told."""
    options = [option.format(**known) for option in shlex.split(call.options)]
    path = call.path.format(**known)
    command = ["curl", "--silent", "--noproxy", "*", "--max-time", "60", *options, f"{system.stack.base_url}{path}"]
    print(f"\n$ curl {shlex.join([*options, path])}")
    ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    body, documented = json.loads(ran.stdout), json.loads(call.documented)
    _beside(documented, body)
    missing = sorted(_missing(documented, body))
    if missing:
        print(f"  MISSING: {', '.join(missing)}")
    else:
        known |= call.learn(body)
    return bool(missing)


def _beside(documented: Any, answered: Any) -> None:
    left, right = _lines(documented), _lines(answered)
    print(f"  {'documented':<{WIDTH}}  answered")
    for one, other in zip_longest(left, right[:LINES], fillvalue=""):
        print(f"  {one:<{WIDTH}}  {other}")
    if len(right) > LINES:
        print(f"  {'':<{WIDTH}}  … {len(right) - LINES} more lines")


def _lines(body: Any) -> list[str]:
    text = json.dumps(body, indent=1, ensure_ascii=False)
    return [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in text.splitlines()]


def _missing(documented: Any, answered: Any, at: str = "") -> Iterator[str]:
    """The documented fields that the answer lacks; names of providers differ."""
    if isinstance(documented, list):
        if not isinstance(answered, list) or not answered:
            yield at or "list"
        else:
            yield from _missing(documented[0], answered[0], f"{at}[]")
    elif isinstance(documented, dict):
        for name, value in documented.items():
            if name.startswith("AI-"):
                name = next((other for other in answered if other.startswith("AI-")), name)
            if name not in answered:
                yield f"{at}.{name}"
            else:
                yield from _missing(value, answered[name], f"{at}.{name}")


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
