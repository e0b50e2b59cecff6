-- KEYS: 1 ledger, 2 gone. ARGV: 1 how long marks of releases are kept from now on, ms, 2 how many entries, then their ids, then
-- seats that have ended. Postgres has the entries: they may go.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local entries = tonumber(ARGV[2])
redis.call('XDEL', KEYS[1], unpack(ARGV, 3, 2 + entries))
for i = 3 + entries, #ARGV do redis.call('ZADD', KEYS[2], 'XX', now + tonumber(ARGV[1]), ARGV[i]) end
return 1
