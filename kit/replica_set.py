"""Begins the replica set of MONGODB_URI where there is none yet: `python -m kit.replica_set`.

A fresh mongod takes no writes, and sends no changes, before somebody has told it who its members are. It can't be told
by what starts it, for it looks itself up by the name that its clients use. This runs beside it and ends once a primary
takes writes; to run it again changes nothing. The members are the hosts of the address, all of which must answer.
"""

import asyncio
import sys
from typing import Any

import structlog
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError
from pymongo.uri_parser import parse_uri

from kit.settings import CommonSettings
from kit.telemetry.logs import configure_logs

PATIENCE_SECONDS = 300.0
NOT_INITIATED = 94
ALREADY_INITIATED = 23

log = structlog.get_logger()


async def begin(uri: str, patience: float = PATIENCE_SECONDS) -> bool:
    """Returns once a primary takes writes; tells whether the set was begun by this call.

    Raises ValueError for an address that names no replica set, and PyMongoError where a server has not answered, or no
    primary was elected, in `patience` seconds.
    """
    parsed = parse_uri(uri)
    name = parsed["options"].get("replicaSet")
    if not name:
        raise ValueError("MONGODB_URI names no replica set: add ?replicaSet=rs0")
    limit: dict[str, Any] = {"serverSelectionTimeoutMS": round(patience * 1000)}
    async with _first_member(parsed, limit) as member:
        begun = await _initiate(member, name, parsed["nodelist"])
    async with AsyncMongoClient[dict[str, Any]](uri, **limit) as client:
        await client.admin.command("ping")  # of the primary: the driver waits until there is one
    return begun


def _first_member(parsed: dict[str, Any], limit: dict[str, Any]) -> AsyncMongoClient[dict[str, Any]]:
    """It is asked alone, because a set that has not begun has no other way in."""
    host, port = parsed["nodelist"][0]
    options = {name: value for name, value in parsed["options"].items() if name != "replicaSet"}
    user = {"username": parsed["username"], "password": parsed["password"]} if parsed["username"] else {}
    return AsyncMongoClient(host, port, directConnection=True, **{**options, **user, **limit})


async def _initiate(member: AsyncMongoClient[dict[str, Any]], name: str, nodes: list[tuple[str, int]]) -> bool:
    try:
        await member.admin.command("replSetGetConfig")
        return False
    except OperationFailure as failure:
        if failure.code != NOT_INITIATED:
            raise
    members = [{"_id": number, "host": f"{host}:{port}"} for number, (host, port) in enumerate(nodes)]
    try:
        await member.admin.command("replSetInitiate", {"_id": name, "members": members})
    except OperationFailure as failure:
        if failure.code != ALREADY_INITIATED:  # another one was faster
            raise
        return False
    return True


def main() -> None:
    settings = CommonSettings()
    configure_logs("replica-set", settings)
    try:
        begun = asyncio.run(begin(settings.mongodb_uri))
    except (ValueError, PyMongoError) as error:
        cause = "no server answers there" if isinstance(error, ServerSelectionTimeoutError) else str(error)
        log.error("replica_set_failed", error=cause)
        sys.exit(1)
    log.info("replica_set_ready", begun=begun)


if __name__ == "__main__":
    main()
