-- ARGV, from 2 on: the jobs that give back their slots or places.
for i = 2, #ARGV do forget(ARGV[i]) end
pump()
-- Who tells of ends looks at them a second long, so once a second is enough.
if redis.call('SET', 'jobs:signalled', '1', 'NX', 'PX', 1000) then redis.call('PUBLISH', 'jobs:signals', 'ended') end
return 1
