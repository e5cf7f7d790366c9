-- ARGV, from 2 on, for each job: its id, user, priority and card. Answers how many were released.
local released = 0
local waited = redis.call('EXISTS', waiting)
for i = 2, #ARGV, 4 do
  local job, card = ARGV[i], ARGV[i + 3]
  local slot = redis.call('ZSCORE', slots, job)
  local known = (slot and tonumber(slot) > now) or redis.call('ZSCORE', waiting, job)
  if not known then
    local id = id_of(card)
    local first = redis.call('ZCARD', waiting) == 0 or redis.call('ZSCORE', starts, id)
    if first and may_release(id) then
      release(job, card)
      released = released + 1
    else
      wait(job, ARGV[i + 1], ARGV[i + 2], card)
    end
  end
end
pump()
-- Slots that run out and rates let jobs in without anybody's doing: the dispatcher has to look.
if waited == 0 and redis.call('EXISTS', waiting) == 1 then
  redis.call('PUBLISH', 'jobs:signals', 'waiting ' .. string.sub(room, #'jobs:' + 1))
end
return released
