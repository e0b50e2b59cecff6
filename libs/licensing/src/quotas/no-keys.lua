-- KEYS: 3 the counters at whose time the ledger had no keys. ARGV: 1 counters for which it was asked.
if redis.call('HGET', KEYS[1], 'name') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[3], ARGV[1], 'PX', text(IDLE))
return 1
