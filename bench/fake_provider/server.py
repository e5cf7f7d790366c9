"""The endpoints of the fake provider: those of a model provider, and those that steer and question it."""

import asyncio
from typing import Any

import orjson

from bench.fake_provider.chat import complete
from bench.fake_provider.counts import Counts, Served
from bench.fake_provider.embeddings import embed
from bench.fake_provider.script import Script, ScriptBook
from bench.fake_provider.wire import Connection, Request

SCRIPT_HEADER = "x-fake-script"


class FakeProvider:
    """Answers by script, counts what it served, and tells it under `/control`."""

    def __init__(self) -> None:
        self.book = ScriptBook()
        self.counts = Counts()

    def connection(self) -> Connection:
        return Connection(self._serve, self._opened)

    def _opened(self, change: int) -> None:
        self.counts.open_connections += change
        self.counts.connections += change > 0

    async def _serve(self, request: Request, connection: Connection) -> None:
        if request.path.startswith("/control/"):
            self._control(request, connection)
        elif request.path.endswith("/models"):
            connection.send_json({"object": "list", "data": [{"id": "fake", "object": "model", "owned_by": "bench"}]})
        else:
            await self._model_call(request, connection)

    def _control(self, request: Request, connection: Connection) -> None:
        match request.method, request.path:
            case "GET", "/control/counts":
                connection.send_json(self.counts.totals())
            case "GET", "/control/requests":
                connection.send_json(self.counts.latest())
            case "POST", "/control/reset":
                self.counts.reset()
                connection.send_json({})
            case "PUT", "/control/script":
                self._load(request, connection)
            case _:
                connection.send_json(_error("no such control", "not_found"), 404)

    def _load(self, request: Request, connection: Connection) -> None:
        try:
            self.book.load(request.json())
        except (ValueError, TypeError) as error:
            connection.send_json(_error(str(error), "invalid_script"), 400)
        else:
            connection.send_json({})

    async def _model_call(self, request: Request, connection: Connection) -> None:
        body = request.json()
        model = str(body.get("model", ""))
        key = request.headers.get("api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        own = orjson.loads(request.headers.get(SCRIPT_HEADER, "{}"))
        said = " ".join(str(message.get("content", "")) for message in body.get("messages", []))
        script = self.book.pick(model, key, request.path, own, said)
        served = self.counts.begin(request.path, model, key, request.headers.get("traceparent", ""))
        served.status = script.status
        try:
            await self._answer(script, body, request.path, connection, served)
        except asyncio.CancelledError:
            served.closed_early = not served.complete
        finally:
            self.counts.end(served)

    async def _answer(
        self, script: Script, body: dict[str, Any], path: str, connection: Connection, served: Served
    ) -> None:
        if script.first_token_ms:
            await asyncio.sleep(script.first_token_ms / 1000)
        if script.status >= 400:
            retry = () if script.retry_after is None else (f"retry-after: {script.retry_after:g}",)
            connection.send_json(_error(script.message, script.error_code or "scripted"), script.status, retry)
            served.complete = True
        elif path.endswith("/embeddings"):
            embed(script, body, connection, served)
        else:
            await complete(script, body, connection, served)


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": code, "code": code, "param": None}}
