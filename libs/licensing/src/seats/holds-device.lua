-- ARGV: 1 device. Gives: 'YES' | 'NO' | 'CLOSED', ms: nobody knows, the shard was emptied.
local seat = redis.call('HGET', KEYS[2], ARGV[1])
if seat and string.sub(seat, 1, 1) ~= '~' and expiry_of(seat) > now then return { 'YES' } end
local closed = closed_for(2)
if closed > 0 then return { 'CLOSED', closed } end
return { 'NO' }
