-- ARGV, from 2 on, for each job: its id, user, priority and card. Answers how many were released.
local released = 0
for i = 2, #ARGV, 4 do
  local job, card = ARGV[i], ARGV[i + 3]
  local slot = redis.call('ZSCORE', slots, job)
  local known = (slot and tonumber(slot) > now) or redis.call('ZSCORE', waiting, job)
  if not known then
    if redis.call('ZCARD', waiting) == 0 and may_release() then
      release(job, card)
      released = released + 1
    else
      wait(job, ARGV[i + 1], ARGV[i + 2], card)
    end
  end
end
pump()
return released
