-- Plan one spend with the arithmetic of gmail/window.py, atomically, by the server's clock.
--
-- KEYS: the spends of the mailbox and of the project (units by slot), until when nobody may spend on the mailbox, who
-- is at it, what this Redis remembers of itself.
-- ARGV: the longest wait (ms), units a minute of the mailbox and of the project (0: no limit), rank (1 comes first,
-- 3 is nobody's hurry), the mailbox, the memory that the caller knows ("" when it spent nothing of late), then the
-- amounts to choose from, ascending.
-- Answers units (0: nothing was taken), the wait (ms), the slot, this slot, the memory, the units a minute that it paced
-- by, the spends of the mailbox.

local max_wait, user_allowed, project_allowed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local rank, mailbox, known = tonumber(ARGV[4]), ARGV[5], ARGV[6]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local this_slot = math.floor(now / SLOT)
local KEPT = 360000

-- A Redis that lost its memory knows nothing of this minute: first whoever does tells it, and nobody spends meanwhile.
local memory = redis.call('HMGET', KEYS[5], 'id', 'born', 'gathers')
if not memory[1] then
  memory = {clock[1] .. '-' .. clock[2], now, false}
  redis.call('HSET', KEYS[5], 'id', memory[1], 'born', string.format('%d', now))
end
redis.call('PEXPIRE', KEYS[5], KEPT)
if known ~= '' and known ~= memory[1] then
  redis.call('HSET', KEYS[5], 'gathers', 1)
  return {0, 0, 0, this_slot, memory[1], 0}
end
if memory[3] and memory[2] + GATHERING > now and memory[2] + 0 <= now then
  return {0, memory[2] + GATHERING - now, 0, this_slot, memory[1], 0}
end

local function load(key)
  local spent, old, rhythms, flat = {}, {}, {}, redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local slot = tonumber(flat[i])
    if not slot then rhythms[flat[i]] = tonumber(flat[i + 1])
    elseif slot > this_slot - MEMORY and slot < this_slot + AHEAD then spent[slot] = tonumber(flat[i + 1])
    else old[#old + 1] = flat[i] end
  end
  for i = 1, #old, 500 do redis.call('HDEL', key, unpack(old, i, math.min(i + 499, #old))) end
  return spent, rhythms
end

local function total(spent, from)
  local sum = 0
  for slot, units in pairs(spent) do
    if slot >= from then sum = sum + units end
  end
  return sum
end

-- The units in the fullest minute that contains `slot`; or, with `most`, the last slot of the first minute above it.
local function fullest(spent, slot, most)
  local sum, found = 0, 0
  for key = slot - SPAN + 1, slot - 1 do sum = sum + (spent[key] or 0) end
  for last = slot, slot + SPAN - 1 do
    sum = sum + (spent[last] or 0)
    if most and sum > most then return last end
    found = math.max(found, sum)
    sum = sum - (spent[last - SPAN + 1] or 0)
  end
  return not most and found or nil
end

local function fitting(spent, slot, units, allowed)
  while true do
    local crowded = fullest(spent, slot, allowed - units)
    if not crowded then return slot end
    local first = crowded - SPAN + 1
    while not spent[first] do first = first + 1 end
    slot = first + SPAN
  end
end

-- Fair between mailboxes: who cannot get what it asks for shares equally what the others leave.
local user, rhythms = load(KEYS[1])
local beat = rank == 3 and 'rhythm of those behind' or 'rhythm'
local rhythm = rhythms[beat] or 0
if rhythm > this_slot + AHEAD then rhythm = 0 end  -- the clock was set back since
local used = total(user, this_slot - SPAN + 1)
local allowed, busy = user_allowed, nil
if project_allowed > 0 then
  local taken, hungry, gone, flat = 0, 1, {}, redis.call('HGETALL', KEYS[4])
  for i = 1, #flat, 2 do
    local name, its_rank = string.match(flat[i], '^(.*)|(%d)$')
    local slot, wants, its_used = string.match(flat[i + 1], '^(%d+):(%d):(%d+)$')
    slot, its_rank = tonumber(slot), tonumber(its_rank)
    if slot + STAYS < this_slot or slot > this_slot + AHEAD then gone[#gone + 1] = flat[i]
    else
      if its_rank < rank and slot > this_slot and (wants == '2' or name == mailbox) then
        busy = math.max(busy or 0, slot - this_slot)
      end
      if name ~= mailbox and its_rank == rank and wants == '2' then hungry = hungry + 1
      elseif name ~= mailbox and its_rank <= rank then taken = taken + its_used end
    end
  end
  for i = 1, #gone, 500 do redis.call('HDEL', KEYS[4], unpack(gone, i, math.min(i + 499, #gone))) end
  local level = math.max(1, math.floor((project_allowed - taken) / hungry))
  if allowed == 0 or level < allowed then allowed = level end
end
local limited = allowed > 0
local shared = limited and (user_allowed == 0 or allowed < user_allowed)

-- What to spend, and when.
local choices, largest = {}, tonumber(ARGV[#ARGV])
for i = 7, #ARGV do
  local units = tonumber(ARGV[i])
  if i == 7 or not limited or units <= math.max(math.floor(allowed / PORTIONS), WORTH) then
    choices[#choices + 1] = units
  end
end
local most = choices[#choices]
local enough = most
for i = #choices, 1, -1 do
  if 2 * choices[i] >= math.min(most, WORTH) then enough = choices[i] end
end
local blocked = tonumber(redis.call('GET', KEYS[3]) or '0')
if blocked > now + AHEAD * SLOT then blocked = 0 end
local start = math.floor(math.max(now, blocked) / SLOT)
local slot, units, project = start, most, {}
if limited then
  -- A single new mail must not wait for the end of a minute that a big pass has used up.
  local keeps = most > WORTH or (most > POLL and most <= SMALL)
  local burst = keeps and math.floor(allowed * BURST) or allowed
  local at_once = rank == 3 and 0 or burst  -- those behind never burst: who comes first would find nothing left
  if project_allowed > 0 then at_once = math.min(at_once, math.floor(project_allowed / PORTIONS)) end
  local bursts = total(user, 0) + enough <= at_once
  local unburst = rhythm - start < NEAR or fullest(user, start) + most <= burst
  local free = bursts or (rank < 3 and (most <= POLL or (most <= SMALL and unburst)))
  if not free then slot = math.max(slot, math.floor(rhythm)) end
  if project_allowed > 0 then project = load(KEYS[2]) end
  local settled
  repeat
    settled = slot
    slot = fitting(user, slot, math.min(enough, allowed), allowed)
    if project_allowed > 0 then
      slot = fitting(project, slot, math.min(enough, project_allowed), project_allowed)
    end
  until slot == settled
  local room = (bursts and burst or allowed) - fullest(user, slot)
  if project_allowed > 0 then room = math.min(room, project_allowed - fullest(project, slot)) end
  units = enough
  for i = 1, #choices do
    if choices[i] <= room then units = math.max(units, choices[i]) end
  end
end

local wait = math.max(0, slot * SLOT - now, blocked - now)
if rank == 3 and (busy or wait > 0) then
  -- Nobody waits for this one: it books nothing ahead, and steps back while somebody else waits.
  return {0, math.max(1000, wait, (busy or 0) * SLOT), 0, this_slot, memory[1], 0}
end
if project_allowed > 0 then
  local wants = (shared and (slot > start or units < largest)) and 2 or 1
  redis.call('HSET', KEYS[4], mailbox .. '|' .. rank, string.format('%d:%d:%d', slot, wants, used))
  redis.call('PEXPIRE', KEYS[4], KEPT)
end
if wait > max_wait then return {0, wait, 0, this_slot, memory[1], 0} end

if limited then
  local counted = user_allowed > 0 and math.min(units, user_allowed) or units
  local credit = CATCH_UP
  if total(user, 0) + counted <= allowed then credit = 0 end
  rhythm = math.max(rhythm, slot - credit) + counted * SPAN / allowed
  local field = string.format('%d', slot)
  redis.call('HINCRBY', KEYS[1], field, counted)
  redis.call('HSET', KEYS[1], beat, string.format('%.2f', rhythm))
  redis.call('PEXPIRE', KEYS[1], KEPT)
  user[slot] = (user[slot] or 0) + counted
  if project_allowed > 0 then
    redis.call('HINCRBY', KEYS[2], field, math.min(units, project_allowed))
    redis.call('PEXPIRE', KEYS[2], KEPT)
  end
end
local answer = {units, math.ceil(wait), slot, this_slot, memory[1], allowed}
for key, spent in pairs(user) do
  answer[#answer + 1] = key
  answer[#answer + 1] = spent
end
return answer
