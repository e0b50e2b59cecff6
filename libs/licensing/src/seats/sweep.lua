-- ARGV: 1 license, 2 tenant. Tells the ledger of lapses in a pool that nobody touches. Gives how many seats are left to reclaim.
local license, tenant = ARGV[1], ARGV[2]
reclaim(tenant, license, '')
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first[2] then redis.call('ZADD', KEYS[7], first[2], pool_of(license, tenant)) else redis.call('ZREM', KEYS[7], pool_of(license, tenant)) end
return redis.call('ZCOUNT', KEYS[1], '-inf', now)
