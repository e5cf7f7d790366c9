"""What PDFs give, how fast uploads are accepted, and how long a course of a hundred pages takes.

Run by `python -m bench documents`. By REST at the edge of a whole stack, with a provider that takes a second a call.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson

from bench.load.asked import percentile
from bench.load.processor import machine
from bench.load.rig import Rig, Script, rig
from kit.auth.caller import Role
from tests.pdfs import a_bomb, a_pdf, a_scan

SENTENCE = "In case {n} every wave carries energy from one place to another, and leaves matter where it is."
CALL_MS = 1000.0
PAGES = 120
CHAPTERS = 12
ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}
QUESTION = {
    "text": "What does a wave carry?",
    "options": ["Matter", "Energy"],
    "answer": 1,
    "explanation": "It leaves matter where it is.",
    "passage": 1,
    "quote": "every wave carries energy",
}
ANSWERS = {
    "You write a quiz": {"title": "Waves", "questions": [QUESTION]},
    "You divide a document": {
        "chapters": [{"title": f"Part {n + 1}", "firstPage": n * PAGES // CHAPTERS + 1} for n in range(CHAPTERS)]
    },
    "You summarise the chapter": {
        "summary": "Waves carry energy.",
        "points": [{"passage": 1, "quote": "every wave carries energy"}],
    },
}


class Desk:
    """A teacher with files."""

    def __init__(self, session: aiohttp.ClientSession, running: Rig) -> None:
        self._session = session
        self._base = running.stack.base_url
        self._headers = {"authorization": f"Bearer {running.stack.token('teacher', Role.TEACHER)}"}

    async def upload(self, path: str, content: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
        form = aiohttp.FormData(fields)
        form.add_field("files", content, filename="script.pdf", content_type="application/pdf")
        async with self._session.post(f"{self._base}{path}", data=form, headers=self._headers) as response:
            return response.status, await response.json()

    async def read(self, path: str) -> dict[str, Any]:
        async with self._session.get(f"{self._base}{path}", headers=self._headers) as response:
            found: dict[str, Any] = await response.json()
            return found

    async def course(self, title: str) -> str:
        body = {"title": title}
        async with self._session.post(f"{self._base}/v1/courses", json=body, headers=self._headers) as response:
            name: str = (await response.json())["name"]
            return name

    async def ended(self, job: str) -> dict[str, Any]:
        while True:
            found = await self.read(f"/v1/{job}")
            if found["state"] in ENDED:
                return found
            await asyncio.sleep(0.2)


async def measure(arguments: argparse.Namespace) -> None:
    async with rig(Script(), {}) as running, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        rules = [
            {"holds": said, "script": {"text": orjson.dumps(answer).decode(), "first_token_ms": CALL_MS}}
            for said, answer in ANSWERS.items()
        ]
        await running.provider.script(rules, text="none")
        desk = Desk(session, running)
        print(f"({machine()})")
        await _kinds(desk)
        await _course(desk)
        await _uploads(desk, arguments.uploads)


async def _kinds(desk: Desk) -> None:
    course = await desk.course("Kinds")
    texts = [f"Chapter {n}. {' '.join(SENTENCE.format(n=n) for _ in range(12))}" for n in range(PAGES)]
    kinds = {
        f"text of {PAGES} pages": a_pdf(texts),
        "two columns": a_pdf([SENTENCE.format(n=n) for n in range(8)], columns=2),
        "scanned": a_scan(),
        "encrypted": a_pdf(texts[:1], password="secret"),
        "bomb of 300 MB": a_bomb(300),
        "no PDF": b"These are notes.",
    }
    for kind, content in kinds.items():
        began = time.perf_counter()
        status, taken = await desk.upload(f"/v1/{course}/documents", content)
        if status != 200:
            print(f"  {kind:18} {len(content):9,} bytes: {status} {taken['message']}")
            continue
        job = await desk.ended(taken["jobs"][0]["name"])
        seconds = time.perf_counter() - began
        told = job["error"]["message"] if "error" in job else _amounts(job["result"])
        print(f"  {kind:18} {len(content):9,} bytes: {job['state']} after {seconds:.1f} s, {told}", flush=True)


def _amounts(result: dict[str, float]) -> str:
    return f"{result['pages']:.0f} pages, {result['passages']:.0f} passages"


async def _course(desk: Desk) -> None:
    texts = [f"Chapter {n}. {' '.join(SENTENCE.format(n=n) for _ in range(12))}" for n in range(PAGES)]
    began = time.perf_counter()
    _, taken = await desk.upload("/v1/documents", a_pdf(texts), courseTitle="Waves")
    job = await desk.ended(taken["jobs"][-1]["name"])
    result, seconds = job.get("result", {}), time.perf_counter() - began
    print(
        f"  a course of {PAGES} pages: {job['state']} after {seconds:.1f} s, {result.get('chapters', 0):.0f} chapters, "
        f"{result.get('quizzes', 0):.0f} quizzes, with {CALL_MS / 1000:.0f} s a call",
        flush=True,
    )


async def _uploads(desk: Desk, count: int) -> None:
    course = await desk.course("Many")
    files = [a_pdf([SENTENCE.format(n=n)]) for n in range(count)]
    for name, pace in (("all at once", 0.0), ("300 a minute", 5.0)):
        some = files if not pace else [content + b"\n%" + str(n).encode() for n, content in enumerate(files[:100])]
        print(f"  {len(some)} uploads, {name}: {await _timed(desk, course, some, pace)}", flush=True)


async def _timed(desk: Desk, course: str, files: Sequence[bytes], per_second: float) -> str:
    statuses: Counter[int] = Counter()
    seconds: list[float] = []
    began = time.perf_counter()

    async def one(number: int, content: bytes) -> None:
        if per_second:
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        start = time.perf_counter()
        statuses[(await desk.upload(f"/v1/{course}/documents", content))[0]] += 1
        seconds.append(time.perf_counter() - start)

    await asyncio.gather(*(one(number, content) for number, content in enumerate(files)))
    span = time.perf_counter() - began
    p50, p99 = (percentile(seconds, part) * 1000 for part in (0.5, 0.99))
    return f"p50 {p50:.1f} ms   p99 {p99:.1f} ms   {60 * len(seconds) / span:.0f} a minute   statuses {dict(statuses)}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench documents", description=__doc__)
    parser.add_argument("--uploads", type=int, default=300, help="how many uploads at once")
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
