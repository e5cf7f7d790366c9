import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import ServerSelectionTimeoutError

from kit.replica_set import begin
from local import binaries
from tests.servers import free_port, started


@pytest.fixture
def bare_port(tmp_path: Path) -> Iterator[int]:
    """A fresh mongod that nobody has told of its replica set; it may not answer yet."""
    port = free_port()
    command = [str(binaries.mongod()), "--port", str(port), "--bind_ip", "127.0.0.1", "--dbpath", str(tmp_path)]
    with started([*command, "--replSet", "rs0", "--wiredTigerCacheSizeGB", "0.25"], tmp_path / "mongod.log"):
        yield port


async def test_a_fresh_server_takes_writes_once_its_set_is_begun_and_beginning_again_changes_nothing(
    bare_port: int,
) -> None:
    uri = f"mongodb://127.0.0.1:{bare_port}/?replicaSet=rs0"

    assert sorted(await asyncio.gather(begin(uri, 60), begin(uri, 60))) == [False, True]
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        client.test.things.insert_one({"a": 1})
        before = client.admin.command("replSetGetConfig")["config"]
    assert not await begin(uri, 60)

    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        assert client.admin.command("replSetGetConfig")["config"] == before


async def test_an_address_without_a_set_is_refused() -> None:
    with pytest.raises(ValueError, match="replicaSet=rs0"):
        await begin("mongodb://127.0.0.1:1/")


async def test_a_server_that_never_answers_is_told() -> None:
    with pytest.raises(ServerSelectionTimeoutError):
        await begin(f"mongodb://127.0.0.1:{free_port()}/?replicaSet=rs0", 0.5)
