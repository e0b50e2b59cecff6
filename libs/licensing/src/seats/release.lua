-- ARGV: 1 license, 2 tenant, 3 device, 4 seat, 5 '1' when the ledger has been asked and knows no end of it, 6 user,
--       7 login session, 8 trace id, 9 address
-- Gives: 'RELEASED', id of the entry | 'LAPSED', id of the entry | 'GONE' | 'UNKNOWN', generation
local license, tenant, device, seat, told = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('ZSCORE', KEYS[6], seat) then return { 'GONE' } end
local expiry = expiry_of(seat)
if expiry == 0 and told ~= '1' then return { 'UNKNOWN', generation } end

local _, info = forget(seat)
bury(seat)
local id = tell('released', tenant, license, seat, device, { user = ARGV[6], sid = ARGV[7], trace = ARGV[8], address = ARGV[9] })
if expiry <= now then return { 'LAPSED', id } end
local linger = redis.call('HMGET', KEYS[4], 'linger', 'by_user')
if tonumber(linger[1] or 0) > 0 then
  place(license, tenant, '~' .. seat, device, info, now + tonumber(linger[1]), linger[2] == '1')
end
return { 'RELEASED', id }
