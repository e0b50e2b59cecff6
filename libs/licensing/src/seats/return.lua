-- A heartbeat for a seat that is not held: it lapsed, was released, or Redis forgot it.
-- ARGV: 1 license, 2 tenant, 3 device, 4 seat, 5 what Postgres knows of it: '' (not asked), 'open' (it did not end), 'lapsed',
--       6 user, 7 login session, 8 trace id, 9 address, 10 until when Postgres knows that it was told to be held, or 0
-- Gives: 'COLD', now | 'BLOCKED', code | 'GONE' | 'UNKNOWN', generation | 'CLOSED', ms | 'FULL', used, max, earliest expiry,
--   now | 'HELD' as acquire does, its entry '+' when it is held again without one
local license, tenant, device, seat, history = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local by = { user = ARGV[6], sid = ARGV[7], trace = ARGV[8], address = ARGV[9] }
if redis.call('ZSCORE', KEYS[6], seat) then return { 'GONE' } end
if by.sid ~= '' and redis.call('ZSCORE', KEYS[18], by.sid) then return { 'GONE' } end
local policy = policy_of()
if not policy then return { 'COLD', now } end
local why = blocked(policy)
if why then return { 'BLOCKED', why } end

local expiry = expiry_of(seat)
local long = policy.step > 0 and 1 or 0
if expiry > now then return { 'HELD', seat, expiry, live(policy), policy.max, long, 0, now, '', 0, {}, false } end
if expiry == 0 and history == '' then return { 'UNKNOWN', generation } end
local other = redis.call('HGET', KEYS[2], device)
if other and other ~= seat and string.sub(other, 1, 1) ~= '~' and expiry_of(other) > now then return { 'GONE' } end
local closed = closed_for((policy.max < 0 or expiry > 0 or history == 'open') and 1 or 2)
if closed > 0 then return { 'CLOSED', closed } end

local info = redis.call('HGET', KEYS[9], seat) or info_of(by, now)
local who = policy.by_user and person_of(info, device) or device
local is_kept = other and string.sub(other, 1, 1) == '~' and expiry_of(other) > now
local has_place = is_kept
if policy.by_user then has_place = tonumber(redis.call('ZSCORE', KEYS[14], who) or 0) > now end
local used = live(policy)
-- After a loss whoever has not ended had a place, also when the limit has been lowered since.
local is_back = shard[3] and history == 'open'
if policy.max >= 0 and not has_place and not is_back and policy.max - used <= ahead_of(policy, who) then
  return { 'FULL', used, policy.max, earliest(policy), now, 0 }
end
if policy.max >= 0 and has_place and not is_back and is_too_late(policy, used, who, is_kept) then
  return { 'FULL', used, policy.max, earliest(policy), now, 0 }
end
if is_kept then forget(other) end
local lapses = clear(policy, license, seat)
if not lapses then return { 'CLOSED', 1000 } end
local id = '+'
if expiry == 0 then id = tell('acquired', policy.tenant, license, seat, device, by) end
local held, coming = until_of(policy, tonumber(ARGV[10]))
place(license, policy.tenant, seat, device, info, held, policy.by_user)
return { 'HELD', seat, held, live(policy), policy.max, long, coming, now, id, 0, lapses, false }
