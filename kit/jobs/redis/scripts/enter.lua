-- ARGV, from 2 on, for each job: its id, user, priority and card. Answers how many were released.
local released = 0
local some_wait = redis.call('ZCARD', waiting) > 0
local waited = some_wait
rule_of()
for i = 2, #ARGV, 4 do
  local job, card = ARGV[i], ARGV[i + 3]
  local known = redis.call('ZSCORE', slots, job) or redis.call('ZSCORE', waiting, job)
  if not known then
    local id = id_of(card)
    local first = not some_wait or redis.call('ZSCORE', starts, id)
    if first and may_release(id) then
      release(job, card)
      released = released + 1
    else
      wait(job, ARGV[i + 1], ARGV[i + 2], card)
      some_wait = true
    end
  end
end
pump()
-- Slots that run out and rates let jobs in without anybody's doing: the dispatcher has to look.
if not waited and redis.call('EXISTS', waiting) == 1 then
  redis.call('PUBLISH', 'jobs:signals', 'waiting ' .. string.sub(room, #'jobs:' + 1))
end
return released
