-- ARGV: 1 from and 2 to, as ZRANGEBYLEX takes them, 3 how many to look at
-- Gives: 'LIST', the last one looked at when there may be more, else '', then for each that is held: seat, device, info, expiry.
local members = redis.call('ZRANGEBYLEX', KEYS[10], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local out = { 'LIST', #members == tonumber(ARGV[3]) and members[#members] or '' }
for _, member in ipairs(members) do
  local seat = string.match(member, '[^:]*$')
  local expiry = expiry_of(seat)
  if expiry > now and string.sub(seat, 1, 1) ~= '~' then
    out[#out + 1] = { seat, redis.call('HGET', KEYS[3], seat) or '', redis.call('HGET', KEYS[9], seat) or '{}', expiry }
  end
end
return out
