"""A streamed body in few, larger parts: what costs is not the words but how often somebody is told of them."""

import asyncio
import math

from aiohttp import StreamReader

LONGEST = 0.1


class Gathering:
    """Reads the first part as soon as it is there, a later one with all that came since: no timer, no task per word."""

    def __init__(self, content: StreamReader, pause: float) -> None:
        """`pause` in seconds lies between two parts that were told, at most 100 ms, and none before the end."""
        self._content, self._pause = content, min(pause, LONGEST)
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._waiter: asyncio.Future[None] | None = None
        content.on_eof(self._wake)

    async def read(self) -> bytes:
        """What has arrived, empty at the end; raises aiohttp's ClientError where the body breaks off."""
        data = await self._content.readany()
        left = self._due - self._loop.time()
        if data and left > 0 and not self._content.is_eof():
            await self._more_within(left)
            if self._content.exception() is None:  # else what there is comes first, and the next call raises it
                data += self._content.read_nowait()
        return data

    def told(self) -> None:
        """From now on the pause counts, because somebody was shown a part."""
        self._due = next_beat(self._loop.time(), self._pause)

    async def _more_within(self, seconds: float) -> None:
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def next_beat(now: float, pause: float) -> float:
    """When the next part may be told: at a beat that all streams of the process share, `pause` seconds apart.

    What they tell then goes through the log, and out to their readers, in few round trips. After a part that was told
    between two beats, as a first one is, the next may come sooner, half a pause later at the earliest.
    """
    return math.ceil((now + pause / 2) / pause) * pause if pause else now
