-- Answers how many wait and how many hold a slot.
pump()
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
return { redis.call('ZCARD', waiting), redis.call('ZCARD', slots) }
