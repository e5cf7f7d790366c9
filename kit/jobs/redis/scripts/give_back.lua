-- Puts messages that nobody has begun back to the head of Dramatiq's queue.
-- ARGV, from 2 on, for each: its id and the message.
for i = #ARGV - 1, 2, -2 do
  put_in_line(ARGV[i], ARGV[i + 1], 'LPUSH')
  redis.call('ZADD', slots, now + start_within, job_of(ARGV[i]))
end
return 1
