-- KEYS: 3 record. ARGV: 1 counters for which the ledger was asked, 2 start, 3 end, 4 zone, 5 used, 6 '1' for windows longer
-- than a month. The first one wins; what was read for counters that are gone since is not taken.
if redis.call('HGET', KEYS[1], 'name') ~= ARGV[1] then return 0 end
local record = redis.call('HMGET', KEYS[3], 'end', 'used', 'counters', 'moved', 'start')
if record[3] == ARGV[1] then return 0 end
local finish, used = tonumber(ARGV[3]), tonumber(ARGV[5])
local is_open = record[1] and (record[1] == '0' or tonumber(record[1]) > now)
if is_open then
  -- Out of a backup, or of counters that got another name: it may know more than the ledger, or less.
  finish, used = tonumber(record[1]), math.max(used, tonumber(record[2]))
  redis.call('HSET', KEYS[3], 'used', text(used), 'counters', ARGV[1])
else
  redis.call('HSET', KEYS[3], 'start', ARGV[2], 'end', ARGV[3], 'zone', ARGV[4], 'used', ARGV[5], 'counters', ARGV[1])
end
expire(KEYS[3], finish, ARGV[6] == '1', tonumber(record[4] or ''))
return 1
