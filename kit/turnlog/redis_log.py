"""The log as capped Redis streams, one a turn, appended to under a fencing token."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError

from kit.errors import Conflict, Reason, Unavailable
from kit.outage import Outage
from kit.redis import Redis, ResponseError
from kit.turnlog.ports import Entry
from kit.turnlog.wakes import Wakes, woken_within

MAX_ENTRIES = 20_000
RUNNING_TTL = 3600
ENDED_TTL = 600
# Pub/sub may lose a wake; followers look again after this many seconds in any case.
LOOK_AGAIN = 2.0

# KEYS: stream, token. ARGV: token, running ttl, ended ttl, cap, then sequence, payload, final for each entry.
# Entries that are there already are passed over, so that an append whose reply was lost can be repeated: Redis itself
# refuses what is not above the last. A stream that must be made is given its life then.
APPEND = """
local token, mine = tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[1])
if mine < token then return -1 end
if mine > token then redis.call('SET', KEYS[2], mine, 'EX', ARGV[2]) end
for i = 5, #ARGV, 3 do
  local row = {'MAXLEN', '~', ARGV[4], ARGV[i] .. '-0', 'p', ARGV[i + 1], 'f', ARGV[i + 2]}
  local added = ARGV[i] ~= '1' and redis.pcall('XADD', KEYS[1], 'NOMKSTREAM', unpack(row))
  if not added then
    added = redis.pcall('XADD', KEYS[1], unpack(row))
    redis.call('EXPIRE', KEYS[1], ARGV[2], 'NX')
  end
  local refused = type(added) == 'table' and added.err
  if refused and not string.find(refused, 'equal or smaller', 1, true) then return added end
  if ARGV[i + 2] == '1' and not refused then
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    redis.call('EXPIRE', KEYS[2], ARGV[3])
  end
end
redis.call('PUBLISH', KEYS[1], '')
return 0
"""


class RedisTurnLog:
    """Appends and reads of one process share a connection and its round trips: see kit.pipelining."""

    def __init__(self, redis: Redis, wakes: Wakes, *, ended_ttl: int = ENDED_TTL) -> None:
        """A log is kept for `ended_ttl` seconds after its final entry."""
        self._ended_ttl = ended_ttl
        self._wakes = wakes
        self._pipelined = redis.pipelined
        self._append = redis.script(APPEND, "append to a turn log")
        self._outage = Outage("the turn log", redis.ping)

    async def append(self, turn: str, token: int, entries: Sequence[Entry]) -> None:
        arguments: list[bytes | str | int] = [token, RUNNING_TTL, self._ended_ttl, MAX_ENTRIES]
        for entry in entries:
            arguments += (entry.sequence, entry.payload, int(entry.final))
        key = _key(turn)
        routine = bool(entries) and entries[0].sequence > 1 and not entries[-1].final
        reply = await self._run(lambda: self._append.run((key, f"{key}:token"), arguments, routine=routine))
        if reply == -1:
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)

    async def read(self, turn: str, after: int = 0) -> list[Entry]:
        rows = await self._run(lambda: self._pipelined.ask("XRANGE", _key(turn), f"({after}-0", "+"))
        return [_entry(identity, fields) for identity, fields in rows]

    async def _run(self, use: Callable[[], Awaitable[Any]]) -> Any:
        """What `use` replies, tried again over another connection: one may have been closed without our knowing yet."""

        async def used() -> Any:
            try:
                return await use()
            except RedisConnectionError:
                return await use()
            except ResponseError as refusal:
                return refusal  # Redis is there all the same, so it counts as no outage

        reply = await self._outage.run(used)
        if isinstance(reply, ResponseError):
            raise Unavailable("the turn log cannot be written", retry_after=1) from reply
        return reply

    async def follow(self, turn: str, after: int = 0) -> AsyncGenerator[Entry, None]:
        async with self._wakes.waiting(_key(turn)) as woken:
            while True:
                woken.clear()
                for entry in await self._read_or_nothing(turn, after):
                    yield entry
                    after = entry.sequence
                    if entry.final:
                        return
                await woken_within(woken, LOOK_AGAIN)

    async def _read_or_nothing(self, turn: str, after: int) -> list[Entry]:
        try:
            return await self.read(turn, after)
        except Unavailable:
            return []


def _key(turn: str) -> str:
    return f"turn:{{{turn}}}"


def _entry(identity: bytes, fields: Sequence[bytes]) -> Entry:
    """`fields` are names and values in turn, as APPEND writes them."""
    _, payload, _, final = fields
    return Entry(int(identity.partition(b"-")[0]), payload, final == b"1")
