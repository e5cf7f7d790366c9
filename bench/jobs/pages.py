"""A worker of documents whose pages come from a server: `python -m bench.jobs.pages`.

It stands for workers of context where the queue is looked at and not the reading of PDFs, which takes processor time.
"""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from kit.jobs.settings import JobsSettings
from kit.jobs.work import Actors, Work
from kit.jobs.worker.keeper import main

KIND = "ingest_document"


async def build(_: JobsSettings, stack: AsyncExitStack) -> Actors:
    connector = aiohttp.TCPConnector(limit=0)
    session = await stack.enter_async_context(aiohttp.ClientSession(os.environ["PAGES_URL"], connector=connector))

    async def ingest(work: Work) -> Mapping[str, Any]:
        async def read() -> int:
            async with session.get(f"/{work.payload['document']}") as answer:
                return len((await answer.text()).split())

        return {"words": await work.step("read", read, "reading the pages")}

    actors = Actors()
    actors.add(KIND, ingest)
    return actors


if __name__ == "__main__":
    main("pages", JobsSettings(), build)
