-- Counts an attempt to sign in before it is made, so that a hundred at once are not a hundred guesses.
-- KEYS: count and lock of (account, network), of the account from everywhere, of the network; then the mark of a
-- network that this account is known to come from, which the lock from everywhere does not bind.
-- ARGV: window in seconds; then threshold, first wait and longest wait in ms of each of the three.
-- Gives how long to wait in ms; 0 when the attempt may be made.
local known = redis.call('exists', KEYS[7]) == 1
local function binds(i) return not (i == 2 and known) end

local longest = 0
for i = 1, 3 do
  if binds(i) then longest = math.max(longest, redis.call('pttl', KEYS[2 * i])) end
end
if longest > 0 then return longest end

for i = 1, 3 do
  if binds(i) then
    local count = redis.call('incr', KEYS[2 * i - 1])
    redis.call('expire', KEYS[2 * i - 1], ARGV[1])
    local over = count - tonumber(ARGV[3 * i - 1])
    if over >= 0 then
      local wait = math.min(tonumber(ARGV[3 * i]) * 2 ^ math.min(over, 30), tonumber(ARGV[3 * i + 1]))
      redis.call('set', KEYS[2 * i], '1', 'PX', math.floor(wait))
    end
  end
end
return 0
