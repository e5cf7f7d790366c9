-- Adds outcomes to a breaker and opens or closes it. KEYS[1] the breaker; KEYS[2] the channel that tells of changes;
-- ARGV: successes, failures, share, minimum, window and open_for in milliseconds, rest in milliseconds.
-- Answers {state, opens in ms, rests for ms, requests, failures, forced}; states: 0 closed, 1 open, 2 half-open.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local key, successes, failures = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local share, minimum, window, open_for = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local rest = tonumber(ARGV[7])
local size = math.max(1, math.floor(window / 10))
local bucket = math.floor(now / size)

local fields = redis.call('HGETALL', key)
local known, total, failed = {}, 0, 0
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  local kind, at = string.match(name, '^([sf]):(%d+)$')
  if not kind then
    known[name] = value
  elseif tonumber(at) <= bucket - 10 then
    redis.call('HDEL', key, name)
  else
    total = total + value
    if kind == 'f' then failed = failed + value end
  end
end

local function forget_outcomes()
  for i = 1, #fields, 2 do
    if string.match(fields[i], '^[sf]:') then redis.call('HDEL', key, fields[i]) end
  end
  total, failed = 0, 0
end

local open_until = tonumber(known.open_until)
local was_open, was_resting = open_until, tonumber(known.rest_until) or 0
local half_open = open_until and open_until <= now
if half_open and failures > 0 then
  open_until = now + open_for
  redis.call('HSET', key, 'open_until', open_until)
  redis.call('HDEL', key, 'probe_until')
  forget_outcomes()
elseif half_open and successes > 0 then
  open_until = nil
  redis.call('HDEL', key, 'open_until', 'probe_until')
  forget_outcomes()
end
if successes > 0 then redis.call('HINCRBY', key, 's:' .. bucket, successes) end
if failures > 0 then redis.call('HINCRBY', key, 'f:' .. bucket, failures) end
total, failed = total + successes + failures, failed + failures
if not open_until and failures > 0 and total >= minimum and failed >= share * total then
  open_until = now + open_for
  redis.call('HSET', key, 'open_until', open_until)
  forget_outcomes()
end

local rest_until = tonumber(known.rest_until) or 0
if rest > 0 and now + rest > rest_until then
  rest_until = now + rest
  redis.call('HSET', key, 'rest_until', rest_until)
end
if open_until ~= was_open or rest_until ~= was_resting then redis.call('PUBLISH', KEYS[2], '') end
if successes + failures + rest > 0 then
  redis.call('PEXPIRE', key, math.max(3600000, open_for, rest * 2))
end
local state = 0
if open_until then state = open_until > now and 1 or 2 end
return {state, math.max(0, (open_until or 0) - now), math.max(0, rest_until - now), total, failed, known.forced or ''}
