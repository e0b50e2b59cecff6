-- KEYS: 1 generation, 2 recovery. ARGV: 1 generation. What the ledger knows as held is back: from here on only time is waited for.
local returns, grants = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) %d+ (%d+)$')
if redis.call('GET', KEYS[1]) ~= ARGV[1] or not returns then return 0 end
local t = redis.call('TIME')
local left = tonumber(grants) - tonumber(t[1]) * 1000 - math.floor(tonumber(t[2]) / 1000)
if left <= 0 then return redis.call('DEL', KEYS[2]) end
redis.call('SET', KEYS[2], returns .. ' ' .. grants, 'PX', left)
return 1
