-- ARGV: 1 license. Tells the ledger of lapses in a pool that nobody touches. Gives how many seats are left to reclaim.
local license = ARGV[1]
local tenant = redis.call('HGET', KEYS[4], 'tenant')
if not tenant then return -1 end
reclaim(tenant, license, '')
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first[2] then redis.call('ZADD', KEYS[7], first[2], license) else redis.call('ZREM', KEYS[7], license) end
return redis.call('ZCOUNT', KEYS[1], '-inf', now)
