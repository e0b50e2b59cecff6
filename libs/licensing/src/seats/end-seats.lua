-- ARGV: 1 license, 2 tenant, 3 trace id, 4 address, 5 cause (JSON), 6 how many at most, 7 mode, 8 and on: what the mode names
-- Modes: 'user', 'login', 'device' (one name each), 'seat' (a seat that is held, its person or ''), 'lapsed' (those of
--   these that are nobody's in the pool), 'all'
-- Gives: 'ENDED', 1 when more are left, then of each seat: its id, its entry's, its device, its user, 1 when it was held.
local license, tenant, limit, mode, name = ARGV[1], ARGV[2], tonumber(ARGV[6]), ARGV[7], ARGV[8]

local function owned(prefix)
  local found = {}
  for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[10], '[' .. prefix, '(' .. prefix .. '\127', 'LIMIT', 0, limit)) do
    found[#found + 1] = string.sub(member, #prefix + 1)
  end
  return found
end

-- What the ledger named may be somebody else's by now: whose seats are in the pool, the pool knows best.
local function unowned(named)
  local found = {}
  for _, seat in ipairs(named) do
    if user_of(redis.call('HGET', KEYS[9], seat) or '') == '' then found[#found + 1] = seat end
  end
  return found
end

local function seats()
  if mode == 'user' then return owned('u:' .. name .. ':') end
  if mode == 'login' then return owned('s:' .. name .. ':') end
  if mode == 'device' then return { redis.call('HGET', KEYS[2], name) or nil } end
  if mode == 'all' then return redis.call('ZRANGE', KEYS[1], 0, limit - 1) end
  if mode == 'lapsed' then return unowned({ unpack(ARGV, 8) }) end
  local is_others = ARGV[9] ~= '' and not redis.call('ZSCORE', KEYS[10], 'u:' .. ARGV[9] .. ':' .. name)
  return not is_others and expiry_of(name) > now and { name } or {}
end

local found, ended = seats(), {}
for _, seat in ipairs(found) do
  local is_held = expiry_of(seat) > now
  local device, info = forget(seat)
  if string.sub(seat, 1, 1) == '~' then
    tell('lapsed', tenant, license, string.sub(seat, 2), device)
  elseif bury(seat) then
    local by = { user = user_of(info), sid = login_of(info), trace = ARGV[3], address = ARGV[4], cause = ARGV[5] }
    local id = tell('ended', tenant, license, seat, device, by)
    for _, one in ipairs({ seat, id, device, by.user, is_held and 1 or 0 }) do ended[#ended + 1] = one end
  end
end
return { 'ENDED', mode ~= 'lapsed' and #found == limit and 1 or 0, unpack(ended) }
