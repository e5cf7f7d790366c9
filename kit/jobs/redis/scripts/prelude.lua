-- Stands before every script of the waiting room.
-- KEYS[1]: the room of a queue; KEYS[2]: Dramatiq's list of the same queue.
-- ARGV[1]: how long a released job may take to start, in milliseconds.
local room, line = KEYS[1], KEYS[2]
local start_within = tonumber(ARGV[1])
local messages = line .. '.msgs'
local waiting, cards, turns = room .. ':waiting', room .. ':cards', room .. ':turns'
local slots, starts, rules, bell = room .. ':slots', room .. ':starts', room .. ':rules', room .. ':bell'
local PRIORITY = 1e12
local MAX_RINGS = 64

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Read once: nothing changes the rules, and no time passes, while a script runs; `govern` sets them before it asks.
local rule
local function rule_of()
  if not rule then
    local found = redis.call('HMGET', rules, 'limit', 'paused', 'count', 'period')
    rule = {
      limit = found[1] and tonumber(found[1]),
      paused = found[2] == '1',
      count = tonumber(found[3] or '0'),
      period = tonumber(found[4] or '0'),
    }
    redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
    if rule.count > 0 then redis.call('ZREMRANGEBYSCORE', starts, '-inf', now - rule.period) end
  end
  return rule
end

-- A card is the id of a message, a line break, and the message.
local function id_of(card)
  return string.sub(card, 1, string.find(card, '\n', 1, true) - 1)
end

-- The id of a message is that of its job, a dot, and the job's token.
local function job_of(id)
  return string.match(id, '^(.*)%.') or id
end

-- Without rules nothing is released: a Redis that was flushed knows neither pauses nor who runs.
-- A message that was released before is counted already.
local function may_release(id)
  local held_to = rule_of()
  if not held_to.limit or held_to.paused then return false end
  if redis.call('ZCARD', slots) >= held_to.limit then return false end
  if held_to.count == 0 then return true end
  return redis.call('ZSCORE', starts, id) or redis.call('ZCARD', starts) < held_to.count
end

-- Dramatiq's broker keeps ids in a list and messages in a hash; one that is still in the list (no worker has come) is
-- not put there twice.
local function put_in_line(id, message, push)
  if not redis.call('LPOS', line, id) then
    redis.call('HSET', messages, id, message)
    redis.call(push, line, id)
  end
  if redis.call('LPUSH', bell, '1') > MAX_RINGS then redis.call('LTRIM', bell, 0, MAX_RINGS - 1) end
end

local function release(job, card)
  local id = id_of(card)
  put_in_line(id, string.sub(card, #id + 2), 'RPUSH')
  redis.call('ZADD', slots, now + start_within, job)
  if rule_of().count > 0 then redis.call('ZADD', starts, now, id) end
end

-- Each user's next job comes a turn after the last one of theirs, and never before the turn that is now:
-- so users alternate, however many jobs one of them has.
local function wait(job, user, priority, card)
  local mine = priority .. ':' .. user
  local turn_of = redis.call('HMGET', turns, 'now:' .. priority, mine)
  local turn = math.max(tonumber(turn_of[1] or '0'), tonumber(turn_of[2] or '0')) + 1
  redis.call('HSET', turns, mine, turn)
  redis.call('HSET', cards, job, card)
  redis.call('ZADD', waiting, string.format('%.0f', tonumber(priority) * PRIORITY + turn), job)
end

local function forget(job)
  redis.call('ZREM', slots, job)
  if redis.call('ZREM', waiting, job) > 0 then redis.call('HDEL', cards, job) end
end

-- Whether a released job may start: then its slot lasts for the lease.
local function may_start(job, lease)
  if rule_of().paused then
    forget(job)
    return false
  end
  -- One that was released too long ago has no slot any more; its slot may be another's by now.
  if not redis.call('ZSCORE', slots, job) then
    local limit = rule_of().limit
    if limit and redis.call('ZCARD', slots) >= limit then return false end
  end
  forget(job)
  redis.call('ZADD', slots, now + lease, job)
  return true
end

local function pump()
  local left = redis.call('ZCARD', waiting)
  while left > 0 and may_release('') do
    local next = redis.call('ZPOPMIN', waiting)
    local priority = math.floor(tonumber(next[2]) / PRIORITY)
    redis.call('HSET', turns, 'now:' .. priority, string.format('%.0f', tonumber(next[2]) - priority * PRIORITY))
    release(next[1], redis.call('HGET', cards, next[1]))
    redis.call('HDEL', cards, next[1])
    left = left - 1
  end
  if left == 0 then redis.call('DEL', turns) end
end

-- Takes messages out of Dramatiq's queue whose jobs may start; the others are dropped, as MongoDB knows their jobs.
local function take(most, lease)
  local taken = {}
  while #taken < most do
    local id = redis.call('LPOP', line)
    if not id then break end
    local message, job = redis.call('HGET', messages, id), job_of(id)
    redis.call('HDEL', messages, id)
    if message and may_start(job, lease) then taken[#taken + 1] = { job = job, message = message } end
  end
  -- The bell rings for what is still there, and no more often.
  local left = redis.call('LLEN', line)
  if left == 0 then redis.call('DEL', bell) else redis.call('LTRIM', bell, 0, left - 1) end
  return taken
end
