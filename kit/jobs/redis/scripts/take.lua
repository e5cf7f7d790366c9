-- ARGV[2]: how many at the most; ARGV[3]: lease in milliseconds. Answers the messages of jobs that may start.
local taken = take(tonumber(ARGV[2]), tonumber(ARGV[3]))
local found = {}
for i = 1, #taken do found[i] = taken[i].message end
return found
