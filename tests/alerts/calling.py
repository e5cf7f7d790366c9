"""Calls a gateway as often as it can, in a process of its own, until it is ended: `-m tests.alerts.calling TARGET`.

The token is in TOKEN. Nothing is asked but for a turn that cannot be, so that the callers cost less than the called.
"""

import asyncio
import contextlib
import os
import sys
from typing import Any

import grpc
from lectern.chat.v1 import chat_pb2

CALLERS = 16
METHOD = "/lectern.chat.v1.ChatService/GetTurn"


async def main(target: str, token: str) -> None:
    """Never returns."""
    request = chat_pb2.GetTurnRequest(name="no turn").SerializeToString()
    metadata = (("authorization", f"Bearer {token}"),)
    async with grpc.aio.insecure_channel(target) as channel:
        call: Any = channel.unary_unary(METHOD)

        async def again() -> None:
            while True:
                with contextlib.suppress(grpc.RpcError):
                    await call(request, metadata=metadata, timeout=10)

        await asyncio.gather(*(again() for _ in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], os.environ["TOKEN"]))
