-- Answers how many wait and how many hold a slot.
-- ARGV[2]: limit; ARGV[3]: 1 while paused; ARGV[4] and ARGV[5]: at most so many starts in so many milliseconds, 0 for any.
redis.call('HSET', rules, 'limit', ARGV[2], 'paused', ARGV[3], 'count', ARGV[4], 'period', ARGV[5])
if ARGV[4] == '0' then redis.call('DEL', starts) end
pump()
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
return { redis.call('ZCARD', waiting), redis.call('ZCARD', slots) }
