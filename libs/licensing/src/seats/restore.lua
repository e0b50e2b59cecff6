-- Seats that the ledger knows as held, after Redis forgot them.
-- ARGV: 1 license, 2 tenant, 3 how long at least, ms, then seat, device, info, expiry ... Gives 'CLOSED', ms | 'RESTORED', how many
local license, tenant = ARGV[1], ARGV[2]
local closed = closed_for(1)
if closed > 0 then return { 'CLOSED', closed } end
local by_user = redis.call('HGET', KEYS[4], 'by_user') == '1' or redis.call('EXISTS', KEYS[14]) == 1
local restored = 0
for i = 4, #ARGV, 4 do
  local seat, device, info = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local other = redis.call('HGET', KEYS[2], device)
  -- One that came back by itself meanwhile.
  if expiry_of(seat) > 0 and tonumber(ARGV[i + 3]) > expiry_of(seat) then
    redis.call('ZADD', KEYS[1], ARGV[i + 3], seat)
    own(seat, device, info, ARGV[i + 3], by_user)
  end
  if expiry_of(seat) == 0 and not redis.call('ZSCORE', KEYS[6], seat) and not (other and expiry_of(other) > now) then
    place(license, tenant, seat, device, info, math.max(now + tonumber(ARGV[3]), tonumber(ARGV[i + 3])), by_user)
    restored = restored + 1
  end
end
return { 'RESTORED', restored }
