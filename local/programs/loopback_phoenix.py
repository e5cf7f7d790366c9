"""Runs Phoenix with its OTLP port on the loopback too: by itself it would take spans from the whole network.

Runs in Phoenix's own environment, so it imports nothing of ours.
"""

import sys
from typing import Any

import grpc

_make = grpc.aio.server


def on_loopback(*arguments: Any, **options: Any) -> Any:
    server = _make(*arguments, **options)
    listen = server.add_insecure_port
    server.add_insecure_port = lambda address: listen(address.replace("[::]", "127.0.0.1"))  # type: ignore[method-assign]
    return server


if __name__ == "__main__":
    grpc.aio.server = on_loopback
    from phoenix.server.main import main  # type: ignore[import-not-found]  # it is in another environment

    sys.argv = ["phoenix", "serve"]
    main()
