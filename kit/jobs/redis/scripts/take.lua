-- Takes messages out of Dramatiq's queue whose jobs may start; the others are dropped, as MongoDB knows their jobs.
-- ARGV[2]: how many at the most; ARGV[3]: lease in milliseconds. Answers the messages.
local taken = {}
while #taken < tonumber(ARGV[2]) do
  local id = redis.call('LPOP', line)
  if not id then break end
  local message = redis.call('HGET', messages, id)
  redis.call('HDEL', messages, id)
  if message and may_start(job_of(id), tonumber(ARGV[3])) then taken[#taken + 1] = message end
end
-- The bell rings for what is still there, and no more often.
local left = redis.call('LLEN', line)
if left == 0 then redis.call('DEL', bell) else redis.call('LTRIM', bell, 0, left - 1) end
return taken
