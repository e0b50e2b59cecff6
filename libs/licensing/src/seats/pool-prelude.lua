-- KEYS: 1 expiries (zset seat -> expiry ms), 2 devices (hash device -> seat), 3 holders (hash seat -> device),
--       4 policy (hash), 5 ledger (stream), 6 gone (hash seat -> 1), 7 pools (zset 'license tenant' -> when to sweep it, ms),
--       8 refused (hash: minute, more)
-- All of one shard: they share a hash tag, so a cluster keeps them together. Time is Redis's alone.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local minute = math.floor(now / 60000)

local function policy_of()
  local p = redis.call('HMGET', KEYS[4], 'max', 'ttl', 'blocked', 'expires', 'tenant')
  if not p[1] then return nil end
  return { max = tonumber(p[1]), ttl = tonumber(p[2]), blocked = p[3], expires = tonumber(p[4]), tenant = p[5] }
end

local function blocked(policy)
  if policy.blocked ~= '' then return policy.blocked end
  if policy.expires > 0 and policy.expires <= now then return 'EXPIRED' end
  return nil
end

-- Every change reaches the ledger from here and nowhere else.
local function tell(change, tenant, license, seat, device, user, trace, address, count)
  redis.call('XADD', KEYS[5], '*', 'change', change, 'tenant', tenant, 'license', license, 'seat', seat,
    'device', device, 'user', user, 'trace', trace, 'address', address, 'count', count or 1)
end

local function forget(seat)
  local device = redis.call('HGET', KEYS[3], seat)
  redis.call('ZREM', KEYS[1], seat)
  redis.call('HDEL', KEYS[3], seat)
  if device and redis.call('HGET', KEYS[2], device) == seat then redis.call('HDEL', KEYS[2], device) end
  return device or ''
end

-- At most 64 a call, so that one call after a mass lapse does not hold Redis; counting does not depend on it.
local function reclaim(tenant, license, except)
  for _, seat in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 64)) do
    if seat ~= except then tell('lapsed', tenant, license, seat, forget(seat), '', '', '') end
  end
end

local function live()
  return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')
end

local function earliest()
  local first = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return first[2] and tonumber(first[2]) or now
end

-- With its tenant: a policy may have expired when the last seat lapses, and the ledger must still be told whose it was.
local function pool_of(license, tenant)
  return license .. ' ' .. tenant
end

local function hold(policy, license, seat, device)
  local expiry = now + policy.ttl
  redis.call('ZADD', KEYS[1], expiry, seat)
  redis.call('HSET', KEYS[2], device, seat)
  redis.call('HSET', KEYS[3], seat, device)
  redis.call('ZADD', KEYS[7], 'LT', expiry, pool_of(license, policy.tenant))
  return expiry
end

-- Refusals of a minute that is over, beyond the first, as one entry with their number.
local function tell_refusals(tenant, license)
  local kept = redis.call('HMGET', KEYS[8], 'minute', 'more')
  if not kept[1] or tonumber(kept[1]) >= minute then return end
  if tonumber(kept[2]) > 0 then tell('refused', tenant, license, '', '', '', '', '', kept[2]) end
  redis.call('DEL', KEYS[8])
end

-- The first of a minute is told at once, the others are counted: a client that keeps asking must not fill the ledger.
local function refuse(tenant, license, device, user, trace, address)
  tell_refusals(tenant, license)
  if redis.call('EXISTS', KEYS[8]) == 1 then
    redis.call('HINCRBY', KEYS[8], 'more', 1)
    return
  end
  redis.call('HSET', KEYS[8], 'minute', minute, 'more', 0)
  redis.call('ZADD', KEYS[7], 'LT', (minute + 1) * 60000, pool_of(license, tenant))
  tell('refused', tenant, license, '', device, user, trace, address)
end
