-- ARGV[2]: job; ARGV[3]: lease in milliseconds. Answers 1 if the job may start.
local job = ARGV[2]
if redis.call('HGET', rules, 'paused') == '1' then
  forget(job)
  return 0
end
local slot = redis.call('ZSCORE', slots, job)
if not slot or tonumber(slot) <= now then
  -- It was released too long ago; its slot may be another's by now.
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  local limit = redis.call('HGET', rules, 'limit')
  if limit and redis.call('ZCARD', slots) >= tonumber(limit) then return 0 end
end
forget(job)
redis.call('ZADD', slots, now + tonumber(ARGV[3]), job)
return 1
