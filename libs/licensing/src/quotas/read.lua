-- KEYS: 3.. records. ARGV: 1 name for the counters if they have none.
-- Gives: now, counters, since, then for each record start, end, zone, used, moved; start is '?' where it is not of these counters.
local counters, since = counters_of(ARGV[1])
local answer = { now, counters, since }
for i = 3, #KEYS do
  local record = redis.call('HMGET', KEYS[i], 'start', 'end', 'zone', 'used', 'moved', 'counters')
  if record[1] and record[6] ~= counters then record[1] = '?' end
  answer[i + 1] = record
end
return answer
