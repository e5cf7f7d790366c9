-- ARGV, from 2 on: the jobs that give back their slots or places.
for i = 2, #ARGV do forget(ARGV[i]) end
pump()
return 1
