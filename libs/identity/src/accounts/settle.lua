-- Takes an attempt back that has not failed. KEYS and thresholds as in attempt.lua; ARGV: three thresholds, then
-- how long the network is remembered as one that the account comes from (0: it was no success), in seconds.
-- A success forgets the failures of this account from this network, and of the others only itself: somebody who
-- signs in to an account of their own must not so wipe out what they guess at others.
local known = redis.call('exists', KEYS[7]) == 1
for i = 1, 3 do
  if not (i == 2 and known) then
    local count = redis.call('decr', KEYS[2 * i - 1])
    if count < 1 or (i == 1 and tonumber(ARGV[4]) > 0) then redis.call('del', KEYS[2 * i - 1]) end
    if count < tonumber(ARGV[i]) or i == 1 then redis.call('del', KEYS[2 * i]) end
  end
end
if tonumber(ARGV[4]) > 0 then redis.call('set', KEYS[7], '1', 'EX', ARGV[4]) end
return 0
