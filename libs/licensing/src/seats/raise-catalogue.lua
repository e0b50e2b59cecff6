-- KEYS: 1 catalogue. ARGV: 1 revision. Gives 1 when the shard did not know. Two workers may read different revisions and write in
-- the other order: the higher stays.
if tonumber(redis.call('GET', KEYS[1]) or '-1') >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
