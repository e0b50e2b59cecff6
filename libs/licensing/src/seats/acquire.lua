-- ARGV: 1 license, 2 tenant, 3 device, 4 seat id to use if one is granted, 5 '1' when the licence key is the only proof,
--       6 user, 7 trace id, 8 address
-- Gives: 'COLD' | 'BLOCKED', code | 'FULL', used, max, earliest expiry, now | 'HELD', seat, expiry, used, max, policy
local license, tenant, device, candidate, by_key = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local user, trace, address = ARGV[6], ARGV[7], ARGV[8]
local policy = policy_of()
if not policy then return { 'COLD' } end
if policy.tenant ~= tenant then return { 'BLOCKED', 'NOT_FOUND' } end
local why = blocked(policy)
if why then return { 'BLOCKED', why } end
if by_key == '1' and redis.call('HGET', KEYS[4], 'by_key') ~= '1' then return { 'BLOCKED', 'KEY_ACTIVATION' } end
local json = redis.call('HGET', KEYS[4], 'json')

reclaim(policy.tenant, license, '')
local seat = redis.call('HGET', KEYS[2], device)
if seat and tonumber(redis.call('ZSCORE', KEYS[1], seat) or 0) > now then
  return { 'HELD', seat, hold(policy, license, seat, device), live(), policy.max, json }
end

local used = live()
if policy.max >= 0 and used >= policy.max then
  refuse(policy.tenant, license, device, user, trace, address)
  return { 'FULL', used, policy.max, earliest(), now }
end
local expiry = hold(policy, license, candidate, device)
tell('acquired', policy.tenant, license, candidate, device, user, trace, address)
return { 'HELD', candidate, expiry, used + 1, policy.max, json }
