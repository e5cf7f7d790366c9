-- ARGV[2]: job; ARGV[3]: lease in milliseconds. Answers 1 if the job may start.
if may_start(ARGV[2], tonumber(ARGV[3])) then return 1 end
return 0
