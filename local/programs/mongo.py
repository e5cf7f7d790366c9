"""MongoDB as a replica set of one node: transactions and change streams work as they do in production."""

from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from local import binaries
from local.parts import MONGODB
from local.ports import HOST
from local.probes import NotReadyError
from local.program import Probe, Program, Tier

_SET = "lectern"
_NOT_INITIATED = 94
_CACHE_GIB = "0.25"
_OPLOG_MIB = "128"


def mongo_uri(port: int) -> str:
    """Where clients find the replica set on this port."""
    return f"mongodb://{HOST}:{port}/?replicaSet={_SET}"


def mongod(port: int, data: Path) -> Program:
    """The one node."""
    folder = data / MONGODB
    folder.mkdir(parents=True, exist_ok=True)
    listen = ("--bind_ip", HOST, "--port", str(port), "--nounixsocket", "--dbpath", str(folder), "--replSet", _SET)
    small = ("--wiredTigerCacheSizeGB", _CACHE_GIB, "--oplogSize", _OPLOG_MIB, "--quiet")
    # Writes that matter ask for the journal themselves; the clock is for the others.
    quiet = ("--journalCommitInterval", "500", "--setParameter", "diagnosticDataCollectionEnabled=false")
    return Program(
        name=MONGODB,
        tier=Tier.DATA,
        command=(str(binaries.mongod()), *listen, *small, *quiet),
        address=f"{HOST}:{port}",
        ready=replica_set_primary(port),
        stop_seconds=30,
    )


def replica_set_primary(port: int) -> Probe:
    """A node that takes writes; it is made a replica set first where it is none, or was one on another port."""

    async def probe() -> None:
        uri = f"mongodb://{HOST}:{port}/?directConnection=true&serverSelectionTimeoutMS=1000"
        async with AsyncMongoClient[dict[str, Any]](uri) as client:
            await _initiate(client, f"{HOST}:{port}")
            if not (await client.admin.command("hello"))["isWritablePrimary"]:
                raise NotReadyError(MONGODB)

    return probe


def mongo_answers(uri: str) -> Probe:
    """A MongoDB of someone else that lets us in."""

    async def probe() -> None:
        async with AsyncMongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=5000) as client:
            await client.admin.command("ping")

    return probe


async def _initiate(client: AsyncMongoClient[dict[str, Any]], address: str) -> None:
    member = {"_id": 0, "host": address}
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as failure:
        if failure.code != _NOT_INITIATED:
            raise
        await client.admin.command("replSetInitiate", {"_id": _SET, "members": [member]})
        return
    if config["members"][0]["host"] != address:
        moved = config | {"members": [config["members"][0] | member], "version": config["version"] + 1}
        await client.admin.command("replSetReconfig", moved, force=True)
