-- ARGV: 1 license, 2 tenant. Tells the ledger of lapses and refusals in a pool that nobody touches. Gives how many seats are
-- left to reclaim; none while Postgres is behind with the last ones.
local license, tenant = ARGV[1], ARGV[2]
local is_behind = redis.call('HLEN', KEYS[15]) > 1000
if not is_behind then reclaim(tenant, license, '', 64) end
redis.call('ZREMRANGEBYSCORE', KEYS[14], '-inf', now)
tell_refusals(tenant, license)
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local due = first[2] and tonumber(first[2])
if redis.call('EXISTS', KEYS[8]) == 1 then due = math.min(due or math.huge, (minute + 1) * 60000) end
if due then redis.call('ZADD', KEYS[7], due, pool_of(license, tenant)) else redis.call('ZREM', KEYS[7], pool_of(license, tenant)) end
return { 'LEFT', is_behind and 0 or redis.call('ZCOUNT', KEYS[1], '-inf', now) }
