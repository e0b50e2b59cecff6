-- Takes an attempt back that has not failed.
-- KEYS: count and lock of each scope that it was counted in, the narrowest first; then the marks of what the account
-- is known to come from by it.
-- ARGV: what it signed its locks with; how long the marks stay, in seconds (0: it was no success); then the threshold
-- of each scope.
-- A success forgets the failures of the narrowest scope, and of the others only itself: somebody who signs in to an
-- account of their own must not so wipe out what they guess at others.
local seconds = tonumber(ARGV[2])
local scopes = #ARGV - 2
for i = 1, scopes do
  local count, lock = KEYS[2 * i - 1], KEYS[2 * i]
  local left = redis.call('decr', count)
  local forgets = i == 1 and seconds > 0
  if left < 1 or forgets then redis.call('del', count) end
  if forgets or left < tonumber(ARGV[i + 2]) or redis.call('get', lock) == ARGV[1] then redis.call('del', lock) end
end
if seconds > 0 then
  for i = 2 * scopes + 1, #KEYS do redis.call('set', KEYS[i], '1', 'EX', seconds) end
end
return 0
