-- KEYS: 1 policy, 2 expiries, 3 holders, 4 info, 5 persons. ARGV: 1 revision, 2 seconds to keep, 3 '1' when seats are counted by
-- person, then field, value ... Replaces the whole hash; an older revision never overwrites a newer one.
local known = tonumber(redis.call('HGET', KEYS[1], 'revision') or -1)
if known > tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'revision', ARGV[1])
for i = 4, #ARGV, 1000 do redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV))) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
if ARGV[3] ~= '1' then
  redis.call('DEL', KEYS[5])
elseif redis.call('EXISTS', KEYS[5]) == 0 then
  local seats = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
  for i = 1, #seats, 2 do
    local user = string.match(redis.call('HGET', KEYS[4], seats[i]) or '', '^{"user":"([^"]+)"')
    local person = user and 'u:' .. user or 'd:' .. (redis.call('HGET', KEYS[3], seats[i]) or '')
    redis.call('ZADD', KEYS[5], 'GT', seats[i + 1], person)
  end
end
return 1
