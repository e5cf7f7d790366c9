"""The load generator, a process of its own: reads an order from its standard input and prints the outcome.

`python -m bench.load.generator`; `generate` runs one from a measurement.
"""

import asyncio
import base64
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import urlsplit

import orjson
import uvloop

from bench.load.asked import percentile
from bench.load.http import Answer, Connection, request
from bench.load.orders import NUMBER, Caller, Order, Outcome

NOT_WHOLE = "not whole"
KEPT_BODIES = 3
CACHED = b'"cached":true'
STAGGER_SECONDS = 2.0


async def generate(order: Order) -> Outcome:
    """What came of the order, carried out by a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load.generator",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(orjson.dumps(asdict(order)))
    if process.returncode:
        raise RuntimeError("the load generator failed")
    return Outcome.of(orjson.loads(out))


async def each_once(base_url: str, callers: Sequence[Caller], whole: str, at_once: int = 24) -> None:
    """Every caller asks once, some at a time: what only a first call costs is then behind them."""
    for start in range(0, len(callers), at_once):
        await generate(Order("instant", base_url, callers[start : start + at_once], whole=whole))


@dataclass
class Tally:
    """What has come since the measuring began."""

    order: Order
    seconds: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    late: int = 0
    cached: int = 0
    bodies: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.processor = time.process_time()
        self._whole = self.order.whole.encode()

    def note(self, answer: Answer, sent: float) -> None:
        whole = answer.status == 200 and self._whole in answer.body
        self.statuses[str(answer.status if whole or answer.status != 200 else NOT_WHOLE)] += 1
        if not whole:
            if len(self.bodies) < KEPT_BODIES:
                self.bodies.append(bytes(answer.body[-400:]).decode(errors="replace"))
            return
        self.seconds.append(time.monotonic() - sent)
        self.cached += CACHED in answer.body
        if answer.pieces:
            self.firsts.append(answer.pieces[0] - sent)
            steps = itertools.pairwise(answer.pieces)
            self.gaps.append(max((later - earlier for earlier, later in steps), default=0.0))

    def outcome(self) -> Outcome:
        span = time.monotonic() - self.began
        ms = [value * 1000 for value in self.seconds]
        firsts = [value * 1000 for value in self.firsts]
        gaps = [value * 1000 for value in self.gaps]
        return Outcome(
            done=len(ms),
            seconds=span,
            mean=sum(ms) / len(ms) if ms else 0.0,
            p50=percentile(ms, 0.5),
            p99=percentile(ms, 0.99),
            slowest=max(ms, default=0.0),
            processor_ms=(time.process_time() - self.processor) * 1000,
            statuses=dict(self.statuses),
            first_p50=percentile(firsts, 0.5),
            first_p99=percentile(firsts, 0.99),
            with_gap=sum(gap > self.order.gap_ms for gap in gaps),
            gap_p99=percentile(gaps, 0.99),
            late=self.late,
            cached=self.cached,
            bodies=self.bodies,
        )


class Generator:
    """Carries out one order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        at = urlsplit(order.base_url)
        self._host, self._port = at.hostname or "", at.port or 80
        self._numbers = itertools.count()
        self._run = random.SystemRandom().randbytes(4).hex()
        self._tally = Tally(order)
        self._ends = 0.0
        self._in_all = 0

    async def run(self) -> Outcome:
        match self._order.pattern:
            case "instant":
                return await self._instant()
            case "closed":
                groups = [self._order.callers[at :: self._order.connections] for at in range(self._order.connections)]
                tasks = [self._again_and_again(group or self._order.callers) for group in groups]
            case "streams":
                callers = self._order.callers
                spread = min(STAGGER_SECONDS, self._order.warm_seconds) / max(1, len(callers))
                tasks = [self._again_and_again([each], spread * at) for at, each in enumerate(callers)]
            case "paced":
                tasks = [self._at_a_pace(caller) for caller in self._order.callers]
        return await self._measured(tasks)

    async def _measured(self, tasks: Sequence[object]) -> Outcome:
        self._ends = time.monotonic() + self._order.warm_seconds + self._order.seconds
        running = [asyncio.ensure_future(task) for task in tasks]  # type: ignore[call-overload] # they are coroutines
        await asyncio.sleep(self._order.warm_seconds)
        self._tally = Tally(self._order)
        await asyncio.sleep(self._order.seconds)
        outcome = self._tally.outcome()
        # Streams that are cut when the measuring ends would be work for nobody: what was begun is read to its end.
        await asyncio.wait(running, timeout=60)
        return replace(outcome, in_all=self._in_all)

    async def _again_and_again(self, callers: Sequence[Caller], wait: float = 0.0) -> None:
        await asyncio.sleep(wait)
        connection = self._connection()
        for caller in itertools.cycle(callers):
            if time.monotonic() >= self._ends:
                break
            sent = time.monotonic()
            answer = await self._ask(connection, caller)
            self._note(answer, sent)
            if answer.status != 200:
                await asyncio.sleep(0.1)
        connection.close()

    async def _at_a_pace(self, caller: Caller) -> None:
        connection, step = self._connection(), len(self._order.callers) / self._order.per_second
        due = time.monotonic() + random.random() * step
        while due < self._ends:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._note(await self._ask(connection, caller), due)
            due += step
            while due < time.monotonic():
                due += step
                self._tally.late += 1
        connection.close()

    async def _instant(self) -> Outcome:
        connections = [self._connection() for _ in self._order.callers]
        await asyncio.gather(*(connection.open() for connection in connections))
        requests = [self._request(caller) for caller in self._order.callers]
        self._tally = Tally(self._order)
        sent = time.monotonic()

        async def one(connection: Connection, wire: bytes) -> None:
            self._note(await connection.ask(wire), sent)

        await asyncio.gather(*(one(connection, wire) for connection, wire in zip(connections, requests, strict=True)))
        for connection in connections:
            connection.close()
        return replace(self._tally.outcome(), in_all=self._in_all)

    def _note(self, answer: Answer, sent: float) -> None:
        self._in_all += answer.status == 200
        self._tally.note(answer, sent)

    async def _ask(self, connection: Connection, caller: Caller) -> Answer:
        try:
            return await connection.ask(self._request(caller))
        except OSError:
            return Answer()

    def _request(self, caller: Caller) -> bytes:
        if caller.raw:
            body = base64.b64decode(caller.raw)
        else:
            body = caller.body.replace(NUMBER, f"{self._run}-{next(self._numbers)}").encode()
        path = caller.path.replace(NUMBER, f"{self._run}-{next(self._numbers)}")
        return request(self._order.method, path, f"{self._host}:{self._port}", dict(caller.headers), body)

    def _connection(self) -> Connection:
        return Connection(self._host, self._port, self._order.marker.encode())


def main() -> None:
    told = orjson.loads(sys.stdin.buffer.read())
    order = Order(**{**told, "callers": [Caller(**caller) for caller in told["callers"]]})
    print(orjson.dumps(asdict(uvloop.run(Generator(order).run()))).decode())


if __name__ == "__main__":
    main()
