-- Lets one caller through a half-open breaker. KEYS[1] the breaker; ARGV[1] how long the probe may take, in milliseconds.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local open_until = tonumber(redis.call('HGET', KEYS[1], 'open_until'))
if not open_until then return 1 end
if open_until > now then return 0 end
if (tonumber(redis.call('HGET', KEYS[1], 'probe_until')) or 0) > now then return 0 end
redis.call('HSET', KEYS[1], 'probe_until', now + ARGV[1])
return 1
