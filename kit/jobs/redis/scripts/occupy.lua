-- ARGV[2]: lease in milliseconds; from 3 on: the jobs that run.
for i = 3, #ARGV do
  forget(ARGV[i])
  redis.call('ZADD', slots, now + tonumber(ARGV[2]), ARGV[i])
end
return 1
