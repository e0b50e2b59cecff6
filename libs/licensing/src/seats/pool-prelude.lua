-- KEYS: 1 expiries (zset seat -> expiry ms), 2 devices (hash device -> seat), 3 holders (hash seat -> device),
--       4 policy (hash), 5 ledger (stream), 6 gone (zset seat -> when its mark may go, ms), 7 pools (zset 'license tenant' ->
--       when to sweep it, ms), 8 refused (hash: minute, more), 9 info (hash seat -> {"user","sid","address","since"}),
--       10 owners (zset, score 0: u:<user or nothing>:<seat>, s:<login session>:<seat>), 11 catalogue (its revision),
--       12 generation, 13 recovery ('returns grants', ms: until then neither), 14 persons (zset person -> last expiry; there
--       while seats are counted by person), 15 lapsed (hash id of the entry -> 'seat device': Postgres has not been told yet),
--       16 queue (zset who waits -> ticket), 17 asked (zset who waits -> when last, ms),
--       18 logins (zset login session that has ended -> when its mark may go, ms)
-- All of one shard: they share a hash tag, so a cluster keeps them together. Time is Redis's alone.
-- A released seat that stays with its device for a while is in the pool as ~<seat>.
-- The last of ARGV is the generation that the caller knows. A shard without one has been emptied; one of an older
-- generation came out of an old backup.
local known = table.remove(ARGV)
local shard = redis.call('MGET', KEYS[11], KEYS[12], KEYS[13])
local generation = shard[2]
if generation ~= known then
  if not generation or tonumber(generation) < tonumber(known) then return { 'LOST' } end
  return { 'GENERATION', generation }
end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local minute = math.floor(now / 60000)

local function policy_of()
  local p = redis.call('HMGET', KEYS[4], 'max', 'ttl', 'step', 'short', 'blocked', 'ends', 'closes', 'tenant', 'catalogue',
    'good_until', 'by_key', 'by_user', 'named', 'locked', 'linger', 'patience', 'stamp')
  if not p[1] then return nil end
  local good_until = tonumber(p[10])
  if tonumber(p[9]) < tonumber(shard[1] or 0) or (good_until > 0 and good_until <= now) then return nil end
  return { max = tonumber(p[1]), ttl = tonumber(p[2]), step = tonumber(p[3]), short = tonumber(p[4]), blocked = p[5],
    ends = tonumber(p[6]), closes = tonumber(p[7]), tenant = p[8], by_key = p[11], by_user = p[12] == '1',
    named = p[13] == '1', locked = p[14] == '1', linger = tonumber(p[15]), patience = tonumber(p[16]), stamp = p[17] }
end

local function is_over(moment)
  return moment > 0 and moment <= now
end

local function blocked(policy)
  if policy.blocked ~= '' then return policy.blocked end
  if is_over(policy.ends) then return 'EXPIRED' end
  return nil
end

local function expiry_of(seat)
  return tonumber(redis.call('ZSCORE', KEYS[1], seat) or 0)
end

-- Every change reaches the ledger from here and nowhere else. Gives the entry's id, with the generation: after a loss
-- Redis may give the same ids again.
local function tell(change, tenant, license, seat, device, by, count)
  return generation .. '-' .. redis.call('XADD', KEYS[5], '*', 'change', change, 'gen', generation, 'tenant', tenant, 'license', license,
    'seat', seat, 'device', device, 'user', by and by.user or '', 'login', by and by.sid or '', 'trace', by and by.trace or '',
    'address', by and by.address or '', 'count', count or 1, 'cause', by and by.cause or '')
end

-- For good. Kept until the ledger in Postgres has it and whoever asked it before has acted. True when it is new.
local function bury(seat)
  return redis.call('ZADD', KEYS[6], 'NX', '+inf', seat) == 1
end

local function user_of(info)
  return string.match(info, '^{"user":"([^"]+)"') or ''
end

local function login_of(info)
  return string.match(info, '"sid":"([^"]+)"') or ''
end

local function person_of(info, device)
  local user = user_of(info)
  return user ~= '' and 'u:' .. user or 'd:' .. device
end

local function quoted(text)
  return text == '' and 'null' or cjson.encode(text)
end

local function info_of(by, since)
  return '{"user":' .. quoted(by.user) .. ',"sid":' .. quoted(by.sid) .. ',"address":' .. quoted(by.address) ..
    ',"since":' .. since .. '}'
end

-- A person holds until the last of their seats ends.
local function settle(person)
  local last = 0
  if string.sub(person, 1, 2) == 'u:' then
    for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[10], '[' .. person .. ':', '(' .. person .. ';')) do
      last = math.max(last, expiry_of(string.sub(member, #person + 2)))
    end
  end
  if last > 0 then redis.call('ZADD', KEYS[14], last, person) else redis.call('ZREM', KEYS[14], person) end
end

local function own(seat, device, info, expiry, by_user)
  redis.call('ZADD', KEYS[10], 0, 'u:' .. user_of(info) .. ':' .. seat)
  local login = login_of(info)
  if login ~= '' then redis.call('ZADD', KEYS[10], 0, 's:' .. login .. ':' .. seat) end
  if by_user then redis.call('ZADD', KEYS[14], 'GT', expiry, person_of(info, device)) end
end

local function disown(seat, device, info)
  redis.call('ZREM', KEYS[10], 'u:' .. user_of(info) .. ':' .. seat)
  local login = login_of(info)
  if login ~= '' then redis.call('ZREM', KEYS[10], 's:' .. login .. ':' .. seat) end
  if redis.call('EXISTS', KEYS[14]) == 1 then settle(person_of(info, device)) end
end

-- Gives whose it was: device, info.
local function forget(seat)
  local device = redis.call('HGET', KEYS[3], seat) or ''
  local info = redis.call('HGET', KEYS[9], seat) or '{}'
  redis.call('ZREM', KEYS[1], seat)
  redis.call('HDEL', KEYS[3], seat)
  redis.call('HDEL', KEYS[9], seat)
  if redis.call('HGET', KEYS[2], device) == seat then redis.call('HDEL', KEYS[2], device) end
  disown(seat, device, info)
  return device, info
end

-- Tells of what has lapsed and forgets it. Counting does not depend on it, but before a place is given to somebody else
-- Postgres has to know who lost it: see docs/decisions/seats.md.
local function reclaim(tenant, license, except, limit)
  for _, seat in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, limit)) do
    if seat ~= except then
      local device = forget(seat)
      if string.sub(seat, 1, 1) == '~' then
        tell('lapsed', tenant, license, string.sub(seat, 2), device)
      else
        local id = tell('lapsed', tenant, license, seat, device)
        redis.call('HSET', KEYS[15], id, seat .. ' ' .. device)
      end
    end
  end
end

local function counted(policy)
  return policy.by_user and KEYS[14] or KEYS[1]
end

local function live(policy)
  return redis.call('ZCOUNT', counted(policy), '(' .. now, '+inf')
end

local function earliest(policy)
  local first = redis.call('ZRANGEBYSCORE', counted(policy), '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return first[2] and tonumber(first[2]) or now
end

-- Room for one more, with every place that lapsed told. Nil when more have lapsed than one call tells.
local function clear(policy, license, except)
  reclaim(policy.tenant, license, except, 64)
  if policy.max < 0 then return {} end
  if policy.by_user or redis.call('ZCARD', KEYS[1]) >= policy.max then
    reclaim(policy.tenant, license, except, 1000)
    local left = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 2)
    if #left > 0 and not (#left == 1 and left[1] == except) then return nil end
  end
  return redis.call('HGETALL', KEYS[15])
end

-- With its tenant: a policy may have expired when the last seat lapses, and the ledger must still be told whose it was.
local function pool_of(license, tenant)
  return license .. ' ' .. tenant
end

local function place(license, tenant, seat, device, info, expiry, by_user)
  redis.call('ZADD', KEYS[1], expiry, seat)
  redis.call('HSET', KEYS[2], device, seat)
  redis.call('HSET', KEYS[3], seat, device)
  redis.call('HSET', KEYS[9], seat, info)
  own(seat, device, info, expiry, by_user)
  redis.call('ZADD', KEYS[7], 'LT', expiry, pool_of(license, tenant))
end

-- Until when a seat is held now, and until when it will be once Postgres knows: 0 when that is the same. What was told
-- is never shortened. Seats that outlive an hour move in steps, so that Postgres is written once a step.
local function until_of(policy, expiry)
  local target = now + policy.ttl
  if policy.step == 0 then return math.max(expiry, target), 0 end
  if expiry >= target - policy.step then return expiry, 0 end
  return math.max(expiry, now + policy.short), target
end

-- Whether `who` only has a place that is kept for them, above a limit that was lowered meanwhile: they would be one holder more.
local function is_too_late(policy, used, who, is_kept)
  if used <= policy.max then return false end
  if not policy.by_user or string.sub(who, 1, 2) == 'd:' then return is_kept end
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[10], '[' .. who .. ':', '(' .. who .. ';')) do
    local seat = string.sub(member, #who + 2)
    if string.sub(seat, 1, 1) ~= '~' and expiry_of(seat) > now then return false end
  end
  return true
end

-- Who asked last so long ago that they have given up, lose their place.
local function drop_quiet(policy)
  for _, who in ipairs(redis.call('ZRANGEBYSCORE', KEYS[17], '-inf', now - policy.patience, 'LIMIT', 0, 100)) do
    redis.call('ZREM', KEYS[16], who)
    redis.call('ZREM', KEYS[17], who)
  end
end

-- How many are served before `who`.
local function ahead_of(policy, who)
  if policy.patience == 0 then return 0 end
  drop_quiet(policy)
  return redis.call('ZRANK', KEYS[16], who) or redis.call('ZCARD', KEYS[16])
end

-- Keeps a place in the queue; gives the place, from 1, or 0 when the queue is full.
local function wait(policy, who)
  if policy.patience == 0 then return 0 end
  if not redis.call('ZSCORE', KEYS[16], who) then
    if redis.call('ZCARD', KEYS[16]) >= 1000 then return 0 end
    redis.call('ZADD', KEYS[16], tonumber(t[1]) * 1000000 + tonumber(t[2]), who)
  end
  redis.call('ZADD', KEYS[17], now, who)
  redis.call('PEXPIRE', KEYS[16], 2 * policy.patience)
  redis.call('PEXPIRE', KEYS[17], 2 * policy.patience)
  return redis.call('ZRANK', KEYS[16], who) + 1
end

-- How long until a shard that was emptied grants again, in ms; 0 when it does. `which`: 1 returns, 2 grants.
local function closed_for(which)
  if not shard[3] then return 0 end
  local returns, grants = string.match(shard[3], '^(%d+) (%d+)')
  return math.max(0, tonumber(which == 1 and returns or grants) - now)
end

-- Refusals of a minute that is over, beyond the first, as one entry with their number.
local function tell_refusals(tenant, license)
  local kept = redis.call('HMGET', KEYS[8], 'minute', 'more')
  if not kept[1] or tonumber(kept[1]) >= minute then return end
  if tonumber(kept[2]) > 0 then tell('refused', tenant, license, '', '', nil, kept[2]) end
  redis.call('DEL', KEYS[8])
end

-- The first of a minute is told at once, the others are counted: a client that keeps asking must not fill the ledger.
local function refuse(tenant, license, device, by)
  tell_refusals(tenant, license)
  if redis.call('EXISTS', KEYS[8]) == 1 then
    redis.call('HINCRBY', KEYS[8], 'more', 1)
    return
  end
  redis.call('HSET', KEYS[8], 'minute', minute, 'more', 0)
  redis.call('ZADD', KEYS[7], 'LT', (minute + 1) * 60000, pool_of(license, tenant))
  tell('refused', tenant, license, '', device, by)
end
