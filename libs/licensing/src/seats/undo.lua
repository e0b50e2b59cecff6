-- Takes back a grant that nobody was told of, because Postgres could not be.
-- ARGV: 1 license, 2 tenant, 3 device, 4 seat, 5 the expiry it was given, 6 'released' (a new one) or 'lapsed' (one that returned)
local license, tenant, device, seat, how = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[6]
if expiry_of(seat) ~= tonumber(ARGV[5]) then return { 'KEPT' } end
forget(seat)
if how == 'released' then bury(seat) end
return { 'UNDONE', tell(how, tenant, license, seat, device) }
