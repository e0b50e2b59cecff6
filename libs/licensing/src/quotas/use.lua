-- KEYS: 3 policy, 4 catalogue's revision, 5 seats (zset seat -> expiry ms), 6 record, 7 what was answered under this
--       idempotency key, 8 the counters at whose time the ledger had no keys, 9 stream, 10 refusals
-- ARGV: 1 stamp of the policy that the caller goes by, 2 when the licence expires or 0, 3 seat that must be held or '',
--       4 name for the counters if they have none, 5 'ask' | 'told' | 'look' | 'refused', 6 when it was used or '', 7 amount, 8 limit
--       or -1, 9 zone, 10, 11 start and end (0: never) of the window that the caller takes for open, 12 how long keys are
--       kept in ms or -1, 13 '1' for windows longer than a month, 14 the record that the window moves ('zone start') or '',
--       15 'meter amount' when there is a key, 16 '1' when the ledger does not know the key, 17 the use and 18 the refusal
--       as the ledger is told, 19 'tenant license meter'
-- Gives: 'COLD', now | 'STALE', now, policy, stamp | 'BLOCKED', code | 'SEAT' | 'REUSED' | 'REPLAY', 'used limit start end' |
--        'ASK', counters | 'MOVED', now, start, end, zone, moved | 'WINDOW', now | 'RESTORE', counters, now | 'RANGE' |
--        'PAST', now, start | 'LOOK', 'COUNTED' or 'EXHAUSTED', now, used, start, end
local expires, seat, mode, at = tonumber(ARGV[2]), ARGV[3], ARGV[5], tonumber(ARGV[6])
local amount, limit, zone, from, fingerprint = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9], ARGV[14], ARGV[15]
local first, last, keep, is_long = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[13] == '1'

local policy = redis.call('HMGET', KEYS[3], 'stamp', 'good_until', 'catalogue')
if not policy[1] then return { 'COLD', now } end
local good_until = tonumber(policy[2])
if good_until > 0 and good_until <= now then return { 'COLD', now } end
if tonumber(redis.call('GET', KEYS[4]) or 0) > tonumber(policy[3]) then return { 'COLD', now } end
if policy[1] ~= ARGV[1] then return { 'STALE', now, redis.call('HGET', KEYS[3], 'json'), policy[1] } end
if expires > 0 and expires <= now then return { 'BLOCKED', 'EXPIRED' } end
if seat ~= '' and tonumber(redis.call('ZSCORE', KEYS[5], seat) or 0) <= now then return { 'SEAT' } end
local counters, since = counters_of(ARGV[4])

if fingerprint ~= '' then
  local kept = redis.call('GET', KEYS[7])
  if kept then
    local was, answer = kept:match('^(%S+ %S+) (.*)$')
    if was ~= fingerprint then return { 'REUSED' } end
    return { 'REPLAY', answer }
  end
  -- A key of before these counters may be in the ledger alone.
  local may_be_known = keep < 0 or (now - since < keep and redis.call('GET', KEYS[8]) ~= counters)
  if may_be_known and ARGV[16] ~= '1' then return { 'ASK', counters } end
end

local function holds_now() return first <= now and (last == 0 or now < last) end

local record = redis.call('HMGET', KEYS[6], 'start', 'end', 'zone', 'used', 'moved', 'counters')
local known = record[1]
-- What began before these counters did, and is not in them, only the ledger can tell.
if known and record[6] ~= counters or not known and (is_long or first < since) then
  return { 'RESTORE', counters, now }
end
local is_open = known and (record[2] == '0' or tonumber(record[2]) > now)
local used = is_open and tonumber(record[4]) or 0
local moved = tonumber(record[5] or '')
if known and record[3] ~= zone then
  if from ~= record[3] .. ' ' .. known then
    return { 'MOVED', now, known, record[2], record[3], record[5] or '0' }
  end
  if not holds_now() then return { 'WINDOW', now } end
  moved = now
  redis.call('HSET', KEYS[6], 'start', ARGV[10], 'end', ARGV[11], 'zone', zone, 'used', text(used), 'moved', now)
  expire(KEYS[6], last, is_long, moved)
elseif is_open then
  first, last = tonumber(known), tonumber(record[2])
  if is_long then expire(KEYS[6], last, true, moved) end
else
  if not holds_now() then return { 'WINDOW', now } end
  redis.call('HSET', KEYS[6], 'start', ARGV[10], 'end', ARGV[11], 'zone', zone, 'used', 0, 'counters', counters)
  expire(KEYS[6], last, is_long, moved)
end

if at then
  if at > now + 120000 or at < now - 8 * DAY then return { 'RANGE' } end
  if at < first then return { 'PAST', now, first } end
end
if mode == 'look' then return { 'LOOK', now, used, first, last } end

if mode == 'refused' or mode == 'ask' and limit >= 0 and used + amount > limit then
  -- The first of a minute is told at once, the others are counted: see usage-drain.ts.
  if redis.call('HINCRBY', KEYS[10], text(math.floor(now / 60000)) .. ' ' .. ARGV[19], 1) == 1 then
    redis.call('XADD', KEYS[9], '*', 'refused', ARGV[18], 'counters', counters)
  end
  return { 'EXHAUSTED', now, used, first, last }
end

used = redis.call('HINCRBY', KEYS[6], 'used', ARGV[7])
local window = text(first) .. ' ' .. text(last)
redis.call('XADD', KEYS[9], '*', 'use', ARGV[17], 'window', window .. ' ' .. zone, 'used', text(used), 'counters', counters)
if fingerprint ~= '' then
  local until_ms = is_long and now + IDLE or math.max(now + DAY, last)
  redis.call('SET', KEYS[7], fingerprint .. ' ' .. text(used) .. ' ' .. ARGV[8] .. ' ' .. window, 'PXAT', text(until_ms))
end
return { 'COUNTED', now, used, first, last }
