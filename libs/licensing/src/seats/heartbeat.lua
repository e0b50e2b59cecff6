-- ARGV: 1 license, 2 seat, 3 device, 4 '1' when the ledger has been asked and knows no release, 5 user, 6 trace id, 7 address
-- Gives: 'COLD' | 'BLOCKED', code | 'GONE' | 'UNKNOWN' | 'FULL', used, max, earliest expiry, now | 'HELD', seat, expiry, used, max
local license, seat, device, may_return = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local user, trace, address = ARGV[5], ARGV[6], ARGV[7]
local policy = policy_of()
if not policy then return { 'COLD' } end
local why = blocked(policy)
if why then return { 'BLOCKED', why } end

local expiry = tonumber(redis.call('ZSCORE', KEYS[1], seat) or 0)
if expiry > now then
  expiry = now + policy.ttl
  redis.call('ZADD', KEYS[1], expiry, seat)
  return { 'HELD', seat, expiry, live(), policy.max }
end

-- It lapsed, was released, or Redis forgot it.
if redis.call('HEXISTS', KEYS[6], seat) == 1 then return { 'GONE' } end
if expiry == 0 and may_return ~= '1' then return { 'UNKNOWN' } end
local other = redis.call('HGET', KEYS[2], device)
if other and other ~= seat and tonumber(redis.call('ZSCORE', KEYS[1], other) or 0) > now then return { 'GONE' } end

reclaim(policy.tenant, license, seat)
local used = live()
if policy.max >= 0 and used >= policy.max then return { 'FULL', used, policy.max, earliest(), now } end
if expiry == 0 then tell('acquired', policy.tenant, license, seat, device, user, trace, address) end
expiry = hold(policy, license, seat, device)
return { 'HELD', seat, expiry, used + 1, policy.max }
