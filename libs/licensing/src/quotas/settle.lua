-- KEYS: 3 record. ARGV: 1 start of the window, 2 used, as Postgres has counted it. Never counts back.
local record = redis.call('HMGET', KEYS[3], 'start', 'used')
if record[1] ~= ARGV[1] or tonumber(record[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[3], 'used', ARGV[2])
return 1
