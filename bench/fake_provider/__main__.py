"""`python -m bench.fake_provider --port 0` prints the provider's base URL and serves until it is stopped."""

import argparse
import asyncio
import contextlib
import signal

import orjson
import uvloop

from bench.fake_provider.server import FakeProvider


async def serve(host: str, port: int, script: str) -> None:
    loop = asyncio.get_running_loop()
    provider = FakeProvider()
    provider.book.load(orjson.loads(script))
    server = await loop.create_server(provider.connection, host, port, backlog=1024)
    print(f"http://{host}:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where it listens")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--script", default="{}", help="what PUT /control/script takes")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(arguments.host, arguments.port, arguments.script))


main()
