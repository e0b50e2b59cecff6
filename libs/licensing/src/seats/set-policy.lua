-- KEYS: 1 policy. ARGV: 1 revision, 2 seconds to keep, then field, value ... An older revision never overwrites a newer one.
local known = tonumber(redis.call('HGET', KEYS[1], 'revision') or -1)
if known > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
