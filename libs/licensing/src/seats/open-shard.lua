-- KEYS: 1 generation, 2 recovery. ARGV: 1 generation, 2 and 3 how long nothing returns and nothing is granted, ms; 0: not a loss.
-- Gives now. However long it takes, nothing is granted before reopen-shard.lua: 'returns never grants', ms.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
if tonumber(redis.call('GET', KEYS[1]) or 0) >= tonumber(ARGV[1]) then return now end
redis.call('SET', KEYS[1], ARGV[1])
if tonumber(ARGV[3]) > 0 then
  redis.call('SET', KEYS[2], (now + tonumber(ARGV[2])) .. ' 9007199254740991 ' .. (now + tonumber(ARGV[3])))
end
return now
