-- KEYS: 1 the counters' name, 2 stream. ARGV: 1 counters that the entries are of, then ids. Drops what the ledger has; after a
-- loss an entry of other counters may bear the id of one that is gone.
local is_same = redis.call('HGET', KEYS[1], 'name') == ARGV[1]
local dropped = 0
for i = 2, #ARGV do
  local entry = not is_same and redis.call('XRANGE', KEYS[2], ARGV[i], ARGV[i])[1]
  if is_same or entry and entry[2][#entry[2]] == ARGV[1] then dropped = dropped + redis.call('XDEL', KEYS[2], ARGV[i]) end
end
return dropped
