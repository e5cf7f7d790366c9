-- ARGV[2]: how many to take at the most; ARGV[3]: lease in milliseconds; from 4 on: the jobs that give back their slots.
-- Answers the jobs that were taken.
for i = 4, #ARGV do forget(ARGV[i]) end
pump()
local taken = take(tonumber(ARGV[2]), tonumber(ARGV[3]))
local found = {}
for i = 1, #taken do found[i] = taken[i].job end
return found
