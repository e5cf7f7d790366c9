"""The two clients."""

import os
from types import TracebackType
from typing import Self

import httpx

from lectern_client.api.chat import Chat
from lectern_client.api.courses import Courses
from lectern_client.api.documents import Documents
from lectern_client.api.jobs import Jobs
from lectern_client.api.operating import Operating
from lectern_client.api.operations import D
from lectern_client.api.threads import Reports, Threads
from lectern_client.doors.asynchronous import AsyncDoor
from lectern_client.doors.synchronous import SyncDoor
from lectern_client.doors.wire import Token
from lectern_client.protocol.policy import Policy

LOCAL_URL = "http://127.0.0.1:8080"


class Client(Chat[D], Operating[D]):
    """What both clients can do."""

    def __init__(self, door: D) -> None:
        super().__init__(door)
        self.threads = Threads(door)
        self.reports = Reports(door)
        self.courses = Courses(door)
        self.documents = Documents(door)
        self.jobs = Jobs(door)


class Lectern(Client[SyncDoor]):
    """The blocking client; one serves all threads of a process."""

    def __init__(
        self,
        url: str | None = None,
        token: Token | None = None,
        *,
        policy: Policy | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        """LECTERN_URL and LECTERN_TOKEN say where and as whom by default. `http` brings proxies and certificates."""
        http = http or httpx.Client()
        http.base_url = url or os.environ.get("LECTERN_URL") or LOCAL_URL
        super().__init__(SyncDoor(http, _token(token), policy or Policy()))

    def close(self) -> None:
        self.door.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncLectern(Client[AsyncDoor]):
    """The same on an event loop."""

    def __init__(
        self,
        url: str | None = None,
        token: Token | None = None,
        *,
        policy: Policy | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """As Lectern's."""
        http = http or httpx.AsyncClient()
        http.base_url = url or os.environ.get("LECTERN_URL") or LOCAL_URL
        super().__init__(AsyncDoor(http, _token(token), policy or Policy()))

    async def close(self) -> None:
        await self.door.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()


def _token(given: Token | None) -> Token:
    return os.environ.get("LECTERN_TOKEN", "") if given is None else given
