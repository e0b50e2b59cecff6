-- ARGV: 1 license, 2 tenant, 3 device, 4 seat id to use if one is granted, 5 '1' when the licence key is the only proof,
--       6 user, 7 login session, 8 trace id, 9 address, 10 stamp of the policy that the caller has, 11 '1' when Postgres
--       says that the device is bound
-- Gives: 'COLD', now | 'BLOCKED', code | 'UNBOUND', policy unless the caller has it | 'CLOSED', ms | 'FULL', used, max, earliest expiry, now, place in the
--   queue | 'HELD', seat, expiry, used, max, '1' long, expiry to come, now, id of the entry when it was granted now, '1' when
--   it changed hands, lapses (id of the entry, 'seat device', ...), policy unless the caller has it
local license, tenant, device, candidate, by_key = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local by = { user = ARGV[6], sid = ARGV[7], trace = ARGV[8], address = ARGV[9] }
local policy = policy_of()
if not policy then return { 'COLD', now } end
if policy.tenant ~= tenant then return { 'BLOCKED', 'NOT_FOUND' } end
-- Whoever signed out has an access token for a while yet.
if by.sid ~= '' and redis.call('ZSCORE', KEYS[18], by.sid) then return { 'BLOCKED', 'LOGIN_ENDED' } end
local why = blocked(policy)
if why then return { 'BLOCKED', why } end
if by_key == '1' and policy.by_key ~= '1' then
  return { 'BLOCKED', policy.by_key == 'UNPROVED' and 'UNPROVED' or 'KEY_ACTIVATION' }
end
if policy.named and (by.user == '' or redis.call('HEXISTS', KEYS[4], 'user:' .. by.user) == 0) then
  return { 'BLOCKED', 'NOT_NAMED' }
end

local seat = redis.call('HGET', KEYS[2], device)
local expiry = seat and expiry_of(seat) or 0
local is_kept = expiry > now and string.sub(seat, 1, 1) == '~'
local is_held = expiry > now and not is_kept
local is_bound = policy.locked and (ARGV[11] == '1' or redis.call('HEXISTS', KEYS[4], 'device:' .. device) == 1)
if is_over(policy.closes) and not (is_held or is_kept or is_bound) then return { 'BLOCKED', 'EXPIRED' } end
local json = policy.stamp ~= ARGV[10] and redis.call('HGET', KEYS[4], 'json')
if policy.locked and not is_bound then return { 'UNBOUND', json } end

local who = policy.by_user and (by.user ~= '' and 'u:' .. by.user or 'd:' .. device) or device
local has_place = is_kept
if policy.by_user then has_place = tonumber(redis.call('ZSCORE', KEYS[14], who) or 0) > now end
local function full(used)
  refuse(policy.tenant, license, device, by)
  return { 'FULL', used, policy.max, earliest(policy), now, wait(policy, who) }
end

if is_held then
  local info = redis.call('HGET', KEYS[9], seat) or '{}'
  local moved = by.user ~= '' and (user_of(info) ~= by.user or login_of(info) ~= by.sid)
  if moved then
    disown(seat, device, info)
    if policy.by_user and policy.max >= 0 and not has_place then
      local used = live(policy)
      if shard[3] or used >= policy.max then
        own(seat, device, info, expiry, true)
        if shard[3] then return { 'CLOSED', closed_for(2) } end
        return full(used)
      end
    end
    info = info_of(by, string.match(info, '"since":(%d+)') or now)
    redis.call('HSET', KEYS[9], seat, info)
    own(seat, device, info, expiry, policy.by_user)
    -- Whose it is decides what ends it, also once it has lapsed.
    tell('acquired', policy.tenant, license, seat, device, by)
  end
  local held, coming = until_of(policy, expiry)
  redis.call('ZADD', KEYS[1], held, seat)
  if policy.by_user then redis.call('ZADD', KEYS[14], 'GT', held, person_of(info, device)) end
  return { 'HELD', seat, held, live(policy), policy.max, policy.step > 0 and 1 or 0, coming, now, '', moved and 1 or 0, {}, json }
end

local used = live(policy)
if policy.max >= 0 and not has_place then
  local closed = closed_for(2)
  if closed > 0 then return { 'CLOSED', closed } end
  if policy.max - used <= ahead_of(policy, who) then return full(used) end
elseif policy.max >= 0 and is_too_late(policy, used, who, is_kept) then
  return full(used)
end
if is_kept then forget(seat) end
local lapses = clear(policy, license, '')
if not lapses then return { 'CLOSED', 1000 } end
if policy.patience > 0 then
  redis.call('ZREM', KEYS[16], who)
  redis.call('ZREM', KEYS[17], who)
end
local held, coming = until_of(policy, 0)
place(license, policy.tenant, candidate, device, info_of(by, now), held, policy.by_user)
local id = tell('acquired', policy.tenant, license, candidate, device, by)
return { 'HELD', candidate, held, live(policy), policy.max, policy.step > 0 and 1 or 0, coming, now, id, 0, lapses, json }
