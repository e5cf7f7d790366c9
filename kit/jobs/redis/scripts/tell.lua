-- KEYS: channels on which something has changed.
for i = 1, #KEYS do redis.call('PUBLISH', KEYS[i], '') end
return 1
