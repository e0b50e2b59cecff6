-- KEYS: 1 the counters' name, 2 the generation of the shard: how often it was lost, as the seats know.
-- A record is a hash: counters (their name), start and end of its window (end 0: never), zone, used, moved (when the zone
-- changed, ms; left out: never). Time is Redis's alone.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local HOUR, DAY = 3600000, 86400000
-- What the ledger can give again need not stay: longer windows than this are asked for when they are used again.
local IDLE = 40 * DAY

local function text(number) return string.format('%.0f', number) end

-- The name of the counters in this Redis, and since when they are complete: from their naming on. A Redis that was emptied
-- has none, and one that came out of a backup has another generation.
local function counters_of(candidate)
  local shard = redis.call('GET', KEYS[2]) or ''
  local known = redis.call('HMGET', KEYS[1], 'name', 'since', 'generation')
  if known[1] and known[3] == shard then return known[1], tonumber(known[2]) end
  redis.call('HSET', KEYS[1], 'name', candidate, 'since', now, 'generation', shard)
  return candidate, now
end

local function expire(key, finish, is_long, moved)
  local at = finish == 0 and now + IDLE or finish + HOUR
  if is_long then at = math.min(at, now + IDLE) end
  if moved then at = math.max(at, moved + 7 * DAY) end
  redis.call('PEXPIREAT', key, text(at))
end
