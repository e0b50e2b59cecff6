-- The warm heartbeat, without the prelude: it runs more often than everything else together.
-- KEYS: 1 expiries, 2 policy, 3 catalogue, 4 generation, 5 info, 6 persons
-- ARGV: 1 seat, 2 device, 3 expiry that Postgres knows by now, or 0, 4 generation that the caller knows
-- Gives: 'LOST' | 'GENERATION', it | 'COLD', now | 'BLOCKED', code | 'LATE' | 'HELD', expiry, used, max, '1' long, expiry to come, now
local seat = ARGV[1]
local shard = redis.call('MGET', KEYS[3], KEYS[4])
if shard[2] ~= ARGV[4] then
  if not shard[2] or tonumber(shard[2]) < tonumber(ARGV[4]) then return { 'LOST' } end
  return { 'GENERATION', shard[2] }
end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local p = redis.call('HMGET', KEYS[2], 'max', 'ttl', 'step', 'short', 'blocked', 'ends', 'catalogue', 'good_until', 'by_user')
if not p[1] then return { 'COLD', now } end
local good_until = tonumber(p[8])
if tonumber(p[7]) < tonumber(shard[1] or 0) or (good_until > 0 and good_until <= now) then return { 'COLD', now } end
if p[5] ~= '' then return { 'BLOCKED', p[5] } end
local ends = tonumber(p[6])
if ends > 0 and ends <= now then return { 'BLOCKED', 'EXPIRED' } end

local expiry = tonumber(redis.call('ZSCORE', KEYS[1], seat) or 0)
if expiry <= now then return { 'LATE' } end
local step, target, coming = tonumber(p[3]), now + tonumber(p[2]), 0
if step == 0 then
  expiry = math.max(expiry, target)
elseif tonumber(ARGV[3]) > 0 then
  expiry = math.max(expiry, tonumber(ARGV[3]))
elseif expiry < target - step then
  expiry, coming = math.max(expiry, now + tonumber(p[4])), target
end
redis.call('ZADD', KEYS[1], expiry, seat)
local counted = KEYS[1]
if p[9] == '1' then
  counted = KEYS[6]
  local user = string.match(redis.call('HGET', KEYS[5], seat) or '', '^{"user":"([^"]+)"')
  redis.call('ZADD', counted, 'GT', expiry, user and 'u:' .. user or 'd:' .. ARGV[2])
end
return { 'HELD', expiry, redis.call('ZCOUNT', counted, '(' .. now, '+inf'), tonumber(p[1]), step > 0 and 1 or 0, coming, now }
