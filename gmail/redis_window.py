"""Pace the spending of quota units among all processes, through Redis.

One Lua script decides, atomically and by the server's clock, with the arithmetic of gmail.window. Spends are kept as
units by slot, for at most six minutes, in one hash for the mailbox and one for the project. A mailbox serves first
come first served; in the project, a spend reserved far ahead for one mailbox leaves room for others before it.
"""

import logging
import time
from typing import Any

import redis as redis_client

from gmail.priority import Priority
from gmail.window import MEMORY, SHARE, SLOT, SPAN, LocalWindow, allowance

log = logging.getLogger(__name__)

# Of the project: the rest is kept for those who come first.
SHARES = {Priority.INTERACTIVE: 1.0, Priority.SCHEDULED: 0.7, Priority.BACKFILL: 0.5}
AWAY = 5.0  # seconds without asking a Redis that did not answer
_PREFIX = "{gmail-quota}"  # one hash tag: a cluster keeps all keys in one place

_RESERVE = (
    f"local SLOT, SPAN, MEMORY = {int(SLOT * 1000)}, {SPAN}, {MEMORY}"
    """
local units, max_wait = tonumber(ARGV[1]), tonumber(ARGV[2])
local user_allowed, project_allowed = tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local this_slot = math.floor(now / SLOT)
local blocked = tonumber(redis.call('GET', KEYS[3]) or '0')

local function load(key)
  local spent, old, flat = {}, {}, redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local slot = tonumber(flat[i])
    if slot > this_slot - MEMORY then spent[slot] = tonumber(flat[i + 1]) else old[#old + 1] = flat[i] end
  end
  for i = 1, #old, 500 do redis.call('HDEL', key, unpack(old, i, math.min(i + 499, #old))) end
  return spent
end

local function paced(spent, slot, amount, allowed)
  local total, last = 0, nil
  for key, value in pairs(spent) do
    total = total + value
    if not last or key > last then last = key end
  end
  if not last or total + amount <= allowed then return slot end
  local a_minute = math.max(1, math.floor(allowed / spent[last]))
  return math.max(slot, last + math.floor(SPAN / a_minute))
end

local function fitting(spent, slot, amount, allowed)
  while true do
    local sum, crowded = 0, nil
    for key = slot - SPAN + 1, slot do sum = sum + (spent[key] or 0) end
    for last = slot, slot + SPAN - 1 do
      if last > slot then sum = sum + (spent[last] or 0) - (spent[last - SPAN] or 0) end
      if sum + amount > allowed then crowded = last break end
    end
    if not crowded then return slot end
    local first = crowded - SPAN + 1
    while not spent[first] do first = first + 1 end
    slot = first + SPAN
  end
end

local function take(key, slot, amount)
  redis.call('HINCRBY', key, string.format('%d', slot), amount)
  redis.call('PEXPIRE', key, 360000)
end

local slot = math.floor(math.max(now, blocked) / SLOT)
local user, project = {}, {}
local user_units, project_units = math.min(units, user_allowed), math.min(units, project_allowed)
if user_allowed > 0 then
  user = load(KEYS[1])
  slot = paced(user, slot, user_units, user_allowed)
end
if project_allowed > 0 then project = load(KEYS[2]) end
local settled
repeat
  settled = slot
  if user_allowed > 0 then slot = fitting(user, slot, user_units, user_allowed) end
  if project_allowed > 0 then slot = fitting(project, slot, project_units, project_allowed) end
until slot == settled

local wait = math.max(0, slot * SLOT - now, blocked - now)
if wait <= max_wait then
  if user_allowed > 0 then take(KEYS[1], slot, user_units) end
  if project_allowed > 0 then take(KEYS[2], slot, project_units) end
end
return wait
"""
)

_PENALISE = """
local clock = redis.call('TIME')
local until_then = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[1])
if until_then > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%d', until_then), 'PX', ARGV[1])
end
"""


class RedisWindow:
    """The windows of one Google identity and of the project; limits are units a minute, 0 means none.

    `redis` should have socket time-outs. While Redis is away, `fallback` decides: it has heard of what this process
    spent before, so the change of windows grants no second allowance.
    """

    def __init__(
        self,
        redis: redis_client.Redis,
        identity: str,
        user_limit: int,
        project: str,
        project_limit: int,
        priority: Priority,
        fallback: LocalWindow,
    ) -> None:
        share = SHARES[priority]
        self._user = allowance(user_limit) if user_limit else 0
        self._project = max(1, int(project_limit * SHARE * share)) if project_limit else 0
        self._fallback = fallback
        self._away_until = 0.0
        self._reserve = redis.register_script(_RESERVE)
        self._penalise = redis.register_script(_PENALISE)
        self._penalty_key = f"{_PREFIX}:penalty:{project}:{identity}"
        self._keys = (f"{_PREFIX}:user:{project}:{identity}", f"{_PREFIX}:project:{project}", self._penalty_key)

    @property
    def largest(self) -> int | None:
        return min(filter(None, (self._user, self._project, self._fallback.largest)), default=None)

    def reserve(self, units: int, *, max_wait: float) -> float:
        arguments = [units, int(max_wait * 1000), self._user, self._project]
        answer = self._ask(self._reserve, self._keys, arguments)
        if answer is None:
            return self._fallback.reserve(units, max_wait=max_wait)
        wait = float(answer) / 1000
        if wait <= max_wait:
            self._fallback.record(units, wait)
        return wait

    def penalise(self, seconds: float) -> None:
        self._fallback.penalise(seconds)
        self._ask(self._penalise, (self._penalty_key,), [max(1, int(seconds * 1000))])

    def _ask(self, script: Any, keys: tuple[str, ...], arguments: list[int]) -> Any:
        """The script's answer, None while Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return script(keys=keys, args=arguments) or 0
        except redis_client.RedisError as error:
            self._away_until = time.monotonic() + AWAY
            log.warning("Redis is away (%s): this process paces Gmail calls by itself", type(error).__name__)
            return None
