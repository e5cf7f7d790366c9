"""Commands of MongoDB as they are, for reads and writes that may be repeated."""

from collections.abc import Mapping
from typing import Any

from bson.codec_options import CodecOptions
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect, ConnectionFailure, WTimeoutError

from services.threads.adapters.mongo.documents import Document

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
DURABLE = {"w": "majority", "j": True}
W_TIMEOUT = 64


class Commands:
    """Repeats what a lost connection or another primary broke off, once, without the driver's numbered writes.

    For each numbered write the server keeps a record in a collection of its own, which costs as much as the write.
    So whoever writes by these sees to it that a repeated write finds its own.
    """

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database = database

    async def run(self, command: Document) -> Document:
        """The reply; raises the driver's errors."""
        try:
            return await self._once(command)
        except ConnectionFailure as error:
            if error.timeout:
                raise
        return await self._once(command)

    async def _once(self, command: Document) -> Document:
        reply = await self._database.command(command, codec_options=CODEC)
        if "writeConcernError" in reply:
            raise _not_durable(reply["writeConcernError"])
        return reply


def _not_durable(error: Mapping[str, Any]) -> Exception:
    """A write that stands nowhere but on a primary that may have been deposed meanwhile."""
    if error.get("code") == W_TIMEOUT:
        return WTimeoutError(error.get("errmsg", ""), W_TIMEOUT)
    return AutoReconnect(error.get("errmsg", ""))
