-- Counts an attempt to sign in before it is made, so that a hundred at once are not a hundred guesses.
-- KEYS: the marks of a network and of a device that this account is known to come from; then count and lock of each
-- scope: 1 account and network, 2 account from everywhere, 3 network, 4 whoever is known in this network, 5 account
-- and device. A known device answers for itself alone, a known network for those who are known there.
-- ARGV: window in ms; what this attempt signs its locks with; then threshold, first wait and longest wait in ms of
-- each scope.
-- Gives how long to wait in ms; or 0, when the attempt may be made, and the scopes it was counted in.
local scopes = { 1, 2, 3 }
if redis.call('exists', KEYS[2]) == 1 then scopes = { 5 }
elseif redis.call('exists', KEYS[1]) == 1 then scopes = { 1, 4 } end

local longest = 0
for _, scope in ipairs(scopes) do longest = math.max(longest, redis.call('pttl', KEYS[2 * scope + 2])) end
if longest > 0 then return { longest } end

for _, scope in ipairs(scopes) do
  local count = redis.call('incr', KEYS[2 * scope + 1])
  local over = count - tonumber(ARGV[3 * scope])
  local wait = 0
  if over >= 0 then
    wait = math.min(tonumber(ARGV[3 * scope + 1]) * 2 ^ math.min(over, 30), tonumber(ARGV[3 * scope + 2]))
    redis.call('set', KEYS[2 * scope + 2], ARGV[2], 'PX', math.floor(wait))
  end
  -- From when the next one may be made on: or a wait as long as the window would end with everything forgotten.
  redis.call('pexpire', KEYS[2 * scope + 1], math.floor(tonumber(ARGV[1]) + wait))
end
return { 0, unpack(scopes) }
