-- Keep everybody off a mailbox: KEYS the penalty, ARGV its length (ms). A longer one stays.

local clock = redis.call('TIME')
local until_then = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1])
if until_then > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%d', until_then), 'PX', ARGV[1])
end
