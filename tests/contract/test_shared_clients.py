"""One process, one client of the same database, for as long as anybody holds it."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from pymongo.errors import InvalidOperation

from kit import mongo
from kit.settings import CommonSettings


async def test_services_of_one_process_share_a_client_and_none_closes_it_for_the_others(mongodb_uri: str) -> None:
    settings = CommonSettings(mongodb_uri=mongodb_uri)
    async with AsyncExitStack() as first, AsyncExitStack() as last:
        client = mongo.shared(settings, first)
        assert mongo.shared(settings, first) is client
        assert mongo.shared(CommonSettings(mongodb_uri=mongodb_uri), last) is client
        await first.aclose()
        assert (await client["admin"].command("ping"))["ok"] == 1.0
        await last.aclose()
        with pytest.raises(InvalidOperation):
            await client["admin"].command("ping")


async def test_whoever_comes_after_the_last_gets_a_client_that_is_open(mongodb_uri: str) -> None:
    settings = CommonSettings(mongodb_uri=mongodb_uri)
    async with AsyncExitStack() as stack:
        before = mongo.shared(settings, stack)
    async with AsyncExitStack() as stack:
        after = mongo.shared(settings, stack)
        assert after is not before
        assert (await after["admin"].command("ping"))["ok"] == 1.0


@pytest.mark.parametrize(
    "other", [{"mongodb_uri": "mongodb://elsewhere:1"}, {"mongodb_pool": 7}, {"mongodb_timeout_ms": 70}]
)
async def test_clients_of_other_settings_stand_alone(mongodb_uri: str, other: dict[str, object]) -> None:
    settings = CommonSettings(mongodb_uri=mongodb_uri)
    async with AsyncExitStack() as stack:
        assert mongo.shared(settings, stack) is not mongo.shared(settings.model_copy(update=other), stack)


def test_each_event_loop_has_clients_of_its_own(mongodb_uri: str) -> None:
    settings = CommonSettings(mongodb_uri=mongodb_uri)

    async def opened() -> mongo.Client:
        async with AsyncExitStack() as stack:
            client = mongo.shared(settings, stack)
            within = await asyncio.to_thread(asyncio.run, other()) if not inner else None
            assert within is not client
            return client

    inner: list[bool] = []

    async def other() -> mongo.Client:
        inner.append(True)
        return await opened()

    asyncio.run(opened())
