"""One process, one client of the same database, for as long as anybody holds it."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from pymongo.errors import InvalidOperation, ServerSelectionTimeoutError

from kit import mongo
from kit.settings import CommonSettings
from tests.servers import free_port


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


@pytest.mark.timeout(30)
async def test_calls_that_are_cancelled_while_no_server_is_there_do_not_lock_the_others_out() -> None:
    uri = f"mongodb://127.0.0.1:{free_port()}/?replicaSet=rs0"
    settings = CommonSettings(mongodb_uri=uri, mongodb_timeout_ms=1500)
    async with AsyncExitStack() as stack:
        client = mongo.shared(settings, stack)
        calls = [asyncio.create_task(client["admin"].command("ping")) for _ in range(32)]
        waited, _ = await asyncio.wait(calls, timeout=0.2)
        assert not waited
        for _ in range(2):  # as a time limit and a caller who leaves do at the same time
            for call in calls:
                call.cancel()
            await asyncio.sleep(0)
        await asyncio.wait(calls)
        with pytest.raises(ServerSelectionTimeoutError):
            await client["admin"].command("ping")
