-- Take back a spend that reserve.lua booked and nobody made.
--
-- KEYS: the spends of the mailbox and of the project.
-- ARGV: the slot, units, units a minute of the mailbox and of the project (0: no limit), those it was paced by.

local slot, units = ARGV[1], tonumber(ARGV[2])
local function counted(allowed)
  return allowed > 0 and math.min(units, allowed) or units
end

for i = 1, 2 do
  local counted = counted(tonumber(ARGV[2 + i]))
  local booked = tonumber(redis.call('HGET', KEYS[i], slot) or '0')
  if booked > 0 then
    if booked > counted then redis.call('HINCRBY', KEYS[i], slot, -counted) else redis.call('HDEL', KEYS[i], slot) end
  end
end
local minute, rhythm = tonumber(ARGV[5]), redis.call('HGET', KEYS[1], 'rhythm')
if minute > 0 and rhythm then
  redis.call('HSET', KEYS[1], 'rhythm', string.format('%.2f', rhythm - counted(tonumber(ARGV[3])) * SPAN / minute))
end
