-- How many wait and how many hold a slot in each queue, in one command for all. KEYS: where their rooms begin.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local found = {}
for _, room in ipairs(KEYS) do
  table.insert(found, redis.call('ZCARD', room .. ':waiting'))
  table.insert(found, redis.call('ZCOUNT', room .. ':slots', '(' .. now, '+inf'))
end
return found
