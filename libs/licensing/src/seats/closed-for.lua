-- KEYS: 1 recovery. Gives for how many ms a shard that was emptied gives no seat back.
local recovery = redis.call('GET', KEYS[1])
if not recovery then return 0 end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
return math.max(0, tonumber(string.match(recovery, '^%d+')) - now)
