"""Lets Envoy leave without cutting a stream: `python -m deploy.envoy.drain`, beside it in its pod.

Envoy ends at once when it is told to, and its image has no shell to wait by. This process begins the drain when its own
SIGTERM comes, which is when the pod is to end, and answers `GET /drained` when no stream is left or the time is up. The
pre-stop hook of Envoy asks that, so Envoy is told to end no sooner. Asking begins nothing, because anybody may ask.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.envoy.config import Endpoint, endpoint

LOOK_SECONDS = 0.5
ANSWER_SECONDS = 2.0
LONGEST_ANSWER = 64 * 1024
STREAMS = "http.edge.downstream_rq_active"


@dataclass(frozen=True)
class DrainConfig:
    """`leave_seconds` is as long as Envoy is still sent new connections; streams have `drain_seconds` in all."""

    admin: Endpoint
    listen: Endpoint
    leave_seconds: float
    drain_seconds: float

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "DrainConfig":
        return cls(
            admin=endpoint(environ.get("LECTERN_EDGE_ADMIN_LISTEN", "127.0.0.1:9901")),
            listen=endpoint(environ.get("LECTERN_EDGE_DRAIN_LISTEN", "0.0.0.0:8087")),
            leave_seconds=float(environ.get("LECTERN_EDGE_LEAVE_SECONDS", "15")),
            drain_seconds=float(environ.get("LECTERN_EDGE_DRAIN_SECONDS", "150")),
        )


class Admin:
    """Envoy's administration. Raises OSError where it is away."""

    def __init__(self, address: Endpoint) -> None:
        self._address = address

    async def ask(self, method: str, path: str) -> str:
        """The body of the answer."""
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(self._address.host, self._address.port)
            try:
                writer.write(f"{method} {path} HTTP/1.1\r\nhost: envoy\r\nconnection: close\r\n\r\n".encode())
                answer = await reader.read(LONGEST_ANSWER)
                while more := await reader.read(LONGEST_ANSWER):
                    answer += more
            finally:
                writer.close()
        head, _, body = answer.decode().partition("\r\n\r\n")
        if " 200 " not in head.partition("\r\n")[0]:
            raise OSError(f"{method} {path}: {head.partition(chr(13))[0]}")
        return body

    async def streams(self) -> int:
        """How many requests and streams are under way."""
        body = await self.ask("GET", f"/stats?filter=^{STREAMS}$")
        for line in body.splitlines():
            if line.startswith(STREAMS):
                return int(line.rpartition(":")[2])
        return 0


async def drain(admin: Admin, config: DrainConfig) -> None:
    """Shows Envoy as leaving, lets go of idle connections, and waits for the streams."""
    # Probes are told so, and answers close their connections; new ones are still taken from who does not know yet.
    await admin.ask("POST", "/healthcheck/fail")
    await admin.ask("POST", "/drain_listeners?graceful&skip_exit")
    await asyncio.sleep(config.leave_seconds)
    await admin.ask("POST", "/drain_listeners")
    while await admin.streams():  # noqa: ASYNC110 - Envoy tells nobody when a stream ends
        await asyncio.sleep(LOOK_SECONDS)


async def serve(config: DrainConfig) -> None:
    """Until SIGTERM or SIGINT, and the drain that follows."""
    drained, asked = asyncio.Event(), asyncio.Event()
    waiting: set[asyncio.Task[None] | None] = set()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting.add(asyncio.current_task())
        try:
            await reader.readuntil(b"\r\n\r\n")
            await drained.wait()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # who asked has left, or asks nothing
        finally:
            writer.close()
            waiting.discard(asyncio.current_task())

    server = await asyncio.start_server(answer, config.listen.host, config.listen.port, limit=8192)
    await asked.wait()
    try:
        async with asyncio.timeout(config.drain_seconds):
            await drain(Admin(config.admin), config)
    except (OSError, TimeoutError) as error:
        print(f"The drain ends early: {str(error) or 'streams are left at the limit'}", flush=True)  # noqa: T201 - a command
    drained.set()
    server.close()
    if told := [task for task in waiting if task is not None]:
        await asyncio.wait(told, timeout=ANSWER_SECONDS)


if __name__ == "__main__":
    asyncio.run(serve(DrainConfig.from_environment(os.environ)))
