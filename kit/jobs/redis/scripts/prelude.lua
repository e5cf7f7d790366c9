-- Stands before every script of the waiting room.
-- KEYS[1]: the room of a queue; KEYS[2]: Dramatiq's list of the same queue.
-- ARGV[1]: how long a released job may take to start, in milliseconds.
local room, line = KEYS[1], KEYS[2]
local start_within = tonumber(ARGV[1])
local waiting, cards, turns = room .. ':waiting', room .. ':cards', room .. ':turns'
local slots, starts, rules, bell = room .. ':slots', room .. ':starts', room .. ':rules', room .. ':bell'
local PRIORITY = 1e12
local MAX_RINGS = 64

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A card is the id of a message, a line break, and the message.
local function id_of(card)
  return string.sub(card, 1, string.find(card, '\n', 1, true) - 1)
end

-- Without rules nothing is released: a Redis that was flushed knows neither pauses nor who runs.
-- A message that was released before is counted already.
local function may_release(id)
  local rule = redis.call('HMGET', rules, 'limit', 'paused', 'count', 'period')
  if not rule[1] or rule[2] == '1' then return false end
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  if redis.call('ZCARD', slots) >= tonumber(rule[1]) then return false end
  if rule[3] == '0' then return true end
  redis.call('ZREMRANGEBYSCORE', starts, '-inf', now - tonumber(rule[4]))
  return redis.call('ZSCORE', starts, id) or redis.call('ZCARD', starts) < tonumber(rule[3])
end

-- Dramatiq's broker keeps ids in a list and messages in a hash; one that is still in the list (no worker has come) is
-- not put there twice.
local function release(job, card)
  local id = id_of(card)
  if not redis.call('LPOS', line, id) then
    redis.call('HSET', line .. '.msgs', id, string.sub(card, #id + 2))
    redis.call('RPUSH', line, id)
  end
  redis.call('ZADD', slots, now + start_within, job)
  redis.call('ZADD', starts, now, id)
  if redis.call('HGET', rules, 'count') == '0' then redis.call('DEL', starts) end
  redis.call('LPUSH', bell, '1')
  redis.call('LTRIM', bell, 0, MAX_RINGS - 1)
end

-- Each user's next job comes a turn after the last one of theirs, and never before the turn that is now:
-- so users alternate, however many jobs one of them has.
local function wait(job, user, priority, card)
  local current = tonumber(redis.call('HGET', turns, 'now:' .. priority) or '0')
  local last = tonumber(redis.call('HGET', turns, priority .. ':' .. user) or '0')
  local turn = math.max(current, last) + 1
  redis.call('HSET', turns, priority .. ':' .. user, turn)
  redis.call('HSET', cards, job, card)
  redis.call('ZADD', waiting, string.format('%.0f', tonumber(priority) * PRIORITY + turn), job)
end

local function forget(job)
  redis.call('ZREM', slots, job)
  if redis.call('ZREM', waiting, job) > 0 then redis.call('HDEL', cards, job) end
end

local function pump()
  while redis.call('ZCARD', waiting) > 0 and may_release('') do
    local next = redis.call('ZPOPMIN', waiting)
    local priority = math.floor(tonumber(next[2]) / PRIORITY)
    redis.call('HSET', turns, 'now:' .. priority, string.format('%.0f', tonumber(next[2]) - priority * PRIORITY))
    release(next[1], redis.call('HGET', cards, next[1]))
    redis.call('HDEL', cards, next[1])
  end
  if redis.call('ZCARD', waiting) == 0 then redis.call('DEL', turns) end
end
