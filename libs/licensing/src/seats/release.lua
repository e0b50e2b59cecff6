-- ARGV: 1 license, 2 tenant, 3 seat, 4 device, 5 '1' when the ledger has been asked and knows no release, 6 user, 7 trace id, 8 address
-- Gives: 'RELEASED' | 'LAPSED' | 'GONE' | 'UNKNOWN'
local license, tenant, seat, device, told = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local user, trace, address = ARGV[6], ARGV[7], ARGV[8]
if redis.call('HEXISTS', KEYS[6], seat) == 1 then return { 'GONE' } end
local expiry = tonumber(redis.call('ZSCORE', KEYS[1], seat) or 0)
if expiry == 0 and told ~= '1' then return { 'UNKNOWN' } end

forget(seat)
-- Kept until the ledger in Postgres has it: from then on it is asked instead.
redis.call('HSET', KEYS[6], seat, '1')
tell('released', tenant, license, seat, device, user, trace, address)
if expiry > now then return { 'RELEASED' } end
return { 'LAPSED' }
