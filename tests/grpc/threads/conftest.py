import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from services.threads.settings import ThreadsSettings
from tests.grpc.threads.client import ThreadsClient, serve


@pytest.fixture
def settings(mongodb_uri: str, redis_url: str) -> ThreadsSettings:
    return ThreadsSettings(
        local=True,
        mongodb_uri=mongodb_uri,
        redis_url=redis_url,
        threads_database=f"threads_{uuid.uuid4().hex[:8]}",
        analytics_seconds=3600,  # so that no turn is the first of its minute
        owner_lease_seconds=60,  # so that on a busy machine no owner dies of its own
    )


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def one(stack: AsyncExitStack, settings: ThreadsSettings) -> ThreadsClient:
    return await serve(stack, settings)


@pytest.fixture
async def two(stack: AsyncExitStack, settings: ThreadsSettings, one: ThreadsClient) -> ThreadsClient:
    return await serve(stack, settings)
