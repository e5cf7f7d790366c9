"""The door of a client that takes a stream up where it broke off."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from bench.load.doors import DoorError, Question, Said, of_json

PATIENCE = 20
# While the edge knows of no instance that lives, it says so and asks to come back in a second.
AWAY, AWAY_SECONDS = 503, 1.0


@dataclass
class Place:
    """Where a reader is in a turn."""

    turn: str = ""
    sequence: int = 0

    def follows(self, event: dict[str, Any]) -> bool:
        """Notes the event; false for one that was read before."""
        self.turn = self.turn or event.get("started", {}).get("turn", "")
        sequence = int(event.get("sequence", 0))
        fresh = sequence > self.sequence
        self.sequence = max(self.sequence, sequence)
        return fresh


class ResumingDoor:
    """Server-sent events at the edge; `broken` counts the streams that ended before their turn."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._url = base_url
        self.broken = 0

    async def ask(self, question: Question) -> AsyncIterator[Said]:
        place = Place()
        for _ in range(PATIENCE):
            try:
                async with aclosing(self._events(question, place)) as events:
                    async for event in events:
                        said = of_json(event)
                        yield said
                        if said.final:
                            return
            except (aiohttp.ClientError, TimeoutError) as error:
                if isinstance(error, aiohttp.ClientResponseError) and error.status == AWAY:
                    await asyncio.sleep(AWAY_SECONDS)
                elif isinstance(error, aiohttp.ClientResponseError):
                    raise DoorError(f"HTTP {error.status}: {error.message}") from error
            self.broken += 1
        raise DoorError("the stream broke too often")

    async def _events(self, question: Question, place: Place) -> AsyncGenerator[dict[str, Any]]:
        headers = {"authorization": f"Bearer {question.token}"}
        method, url, body = self._request(question, place)
        async with self._session.request(method, url, json=body, headers=headers, raise_for_status=True) as response:
            async for line in response.content:
                if line.startswith(b"data:"):
                    event = orjson.loads(line[5:])
                    if "code" in event:
                        return  # the status of a stream that was cut behind the edge
                    if place.follows(event):
                        yield event

    def _request(self, question: Question, place: Place) -> tuple[str, str, dict[str, str] | None]:
        if place.turn:
            return "GET", f"{self._url}/v1/{place.turn}:stream?afterSequence={place.sequence}", None
        body = {"course": question.course, "videoUrl": question.video_url, "message": question.text}
        return "POST", f"{self._url}/v1/chat:stream", body | {"requestId": question.request_id}
