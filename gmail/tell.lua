-- Tell a Redis that lost its memory what was spent on one mailbox, as far as the caller knows.
--
-- KEYS: the spends of the mailbox and of the project.
-- ARGV: slots, counted from now, with their units. Several who know of the same spend say the same: the most is true.

local clock = redis.call('TIME')
local this_slot = math.floor((clock[1] * 1000 + math.floor(clock[2] / 1000)) / SLOT)
for i = 1, #ARGV, 2 do
  local slot, units = string.format('%d', this_slot + ARGV[i]), tonumber(ARGV[i + 1])
  local more = units - tonumber(redis.call('HGET', KEYS[1], slot) or '0')
  if more > 0 then
    redis.call('HINCRBY', KEYS[1], slot, more)
    redis.call('HINCRBY', KEYS[2], slot, more)
  end
end
for i = 1, 2 do redis.call('PEXPIRE', KEYS[i], 360000) end
