-- Takes all claims or none, and keeps the line of those who wait.
-- KEYS: line, seen, last tags, then one bucket per claim.
-- ARGV: ticket, user, queue (0 or 1), how many of the claims are shared, then per_minute and amount of each claim.
-- Answers {granted, wait in ms, place, own}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local line, seen, last = KEYS[1], KEYS[2], KEYS[3]
local ticket, user, queue, shared = ARGV[1], ARGV[2], ARGV[3] == '1', tonumber(ARGV[4])

for _, gone in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now - 3000)) do
  redis.call('ZREM', line, gone)
  redis.call('ZREM', seen, gone)
end

local function leave()
  local tag = redis.call('ZSCORE', line, ticket)
  if tag then
    redis.call('HSET', last, ':served', math.floor(tag))
    redis.call('ZREM', line, ticket)
    redis.call('ZREM', seen, ticket)
    if redis.call('ZCARD', line) == 0 then redis.call('DEL', last) end
  end
end

local levels, shared_wait, own_wait = {}, 0, 0
for i = 1, #KEYS - 3 do
  local rate, amount = tonumber(ARGV[3 + 2 * i]), tonumber(ARGV[4 + 2 * i])
  local kept = redis.call('HMGET', KEYS[3 + i], 'level', 'at')
  local level = math.min(rate, (tonumber(kept[1]) or rate) + (now - (tonumber(kept[2]) or now)) * rate / 60000)
  amount = math.min(amount, rate)
  levels[i] = level - amount
  local wait = math.max(0, amount - level) * 60000 / rate
  if i <= shared then shared_wait = math.max(shared_wait, wait) else own_wait = math.max(own_wait, wait) end
end

if own_wait > 0 then
  leave()
  return {0, math.ceil(own_wait), 0, 1}
end
local first = redis.call('ZRANGE', line, 0, 0)[1]
if shared_wait == 0 and (not first or first == ticket) then
  for i = 1, #KEYS - 3 do
    redis.call('HSET', KEYS[3 + i], 'level', tostring(levels[i]), 'at', now)
    redis.call('EXPIRE', KEYS[3 + i], 120)
  end
  leave()
  return {1, 0, 0, 0}
end
if queue then
  if not redis.call('ZSCORE', line, ticket) then
    local before = math.max(tonumber(redis.call('HGET', last, ':served')) or 0, tonumber(redis.call('HGET', last, user)) or 0)
    redis.call('HSET', last, user, before + 1)
    redis.call('ZADD', line, before + 1 + redis.call('HINCRBY', last, ':count', 1) * 1e-6, ticket)
  end
  redis.call('ZADD', seen, now, ticket)
  for i = 1, 3 do redis.call('EXPIRE', KEYS[i], 120) end
end
local rank = redis.call('ZRANK', line, ticket)
return {0, math.max(50, math.ceil(shared_wait)), rank and rank + 1 or 0, 0}
