"""The log as capped Redis streams, one a turn, appended to under a fencing token."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from kit.errors import Conflict, Reason, Unavailable
from kit.outage import Outage
from kit.redis import Redis
from kit.turnlog.ports import Entry
from kit.turnlog.script_commit import ScriptCommit
from kit.turnlog.wakes import Wakes, woken_within

MAX_ENTRIES = 20_000
RUNNING_TTL = 3600
ENDED_TTL = 600
# Pub/sub may lose a wake; followers look again after this many seconds in any case.
LOOK_AGAIN = 2.0

# KEYS: stream, token. ARGV: token, running ttl, ended ttl, cap, channel, then sequence, payload, final for each entry.
# Entries that are there already are passed over, so that an append whose reply was lost can be repeated.
APPEND = """
local token, mine = tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[1])
if mine < token then return -1 end
if mine > token then redis.call('SET', KEYS[2], mine, 'EX', ARGV[2]) end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local top = last[1] and tonumber(string.match(last[1][1], '^%d+')) or 0
for i = 6, #ARGV, 3 do
  if tonumber(ARGV[i]) > top then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], ARGV[i] .. '-0', 'p', ARGV[i + 1], 'f', ARGV[i + 2])
    if top == 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
    top = tonumber(ARGV[i])
    if ARGV[i + 2] == '1' then
      redis.call('EXPIRE', KEYS[1], ARGV[3])
      redis.call('EXPIRE', KEYS[2], ARGV[3])
    end
  end
end
redis.call('PUBLISH', ARGV[5], top)
return top
"""


class RedisTurnLog:
    """Appends of one process share round trips by themselves: see ScriptCommit."""

    def __init__(self, redis: Redis, wakes: Wakes, *, ended_ttl: int = ENDED_TTL) -> None:
        """A log is kept for `ended_ttl` seconds after its final entry."""
        self._redis = redis
        self._ended_ttl = ended_ttl
        self._wakes = wakes
        self._script = redis.register_script(APPEND)
        self._outage = Outage("the turn log", redis.ping)
        self._commits = ScriptCommit(redis, self._outage)

    async def append(self, turn: str, token: int, entries: Sequence[Entry]) -> None:
        flat = [part for e in entries for part in (e.sequence, e.payload, int(e.final))]
        arguments = [token, RUNNING_TTL, self._ended_ttl, MAX_ENTRIES, _key(turn), *flat]
        top = await self._commits.run(self._script, [_key(turn), f"{_key(turn)}:token"], arguments)
        if top == -1:
            raise Conflict("another process has taken this turn over", Reason.LEASE_LOST)

    async def read(self, turn: str, after: int = 0) -> list[Entry]:
        rows: Any = await self._outage.run(lambda: self._redis.xrange(_key(turn), min=f"({after}-0", max="+"))
        return [_entry(identity, fields) for identity, fields in rows]

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


def _entry(identity: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(int(identity.partition(b"-")[0]), fields[b"p"], fields[b"f"] == b"1")
