-- KEYS: 1 pools, 2 gone. ARGV: 1 how many at most. Gives the pools to sweep; forgets the marks of releases that Postgres
-- has had for long enough.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
