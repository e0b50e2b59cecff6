-- KEYS: 1 expiries, 2 devices, 3 persons, 4 policy, 5 generation, 6 catalogue, as pool-prelude.lua has
--   them. ARGV: 1 device, or ''.
-- Gives: nothing while the shard is emptied | the catalogue's revision, places taken, expiry of the device's seat or 0, 1
--   when it has a place or one is kept for it
if redis.call('EXISTS', KEYS[5]) == 0 then return {} end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local by_user = redis.call('HGET', KEYS[4], 'by_user') == '1'
local used = redis.call('ZCOUNT', by_user and KEYS[3] or KEYS[1], '(' .. now, '+inf')
local catalogue = tonumber(redis.call('GET', KEYS[6]) or 0)
local seat = ARGV[1] ~= '' and redis.call('HGET', KEYS[2], ARGV[1])
local expiry = seat and tonumber(redis.call('ZSCORE', KEYS[1], seat) or 0) or 0
if expiry <= now then return { catalogue, used, 0, 0 } end
if string.sub(seat, 1, 1) == '~' then return { catalogue, used, 0, 1 } end
return { catalogue, used, expiry, 1 }
