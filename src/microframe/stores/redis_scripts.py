"""Redis scripts: each call of the contract as one script, so that it is atomic whoever else calls (Lua 5.1).

A value or counter is a hash: `v` what it is, `n` its version, `t` the tags it was written under. Each kind of thing has
keys of its own: `v:` values, `c:` limits, `l:` locks, `t:` tags; `s` gives out versions and fences. Times are whole
microseconds by the clock of Redis, which a test may stop.
"""

CLOCK = """
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function untag(key)
  local tags = redis.call('HGET', 'v:' .. key, 't')
  if tags then
    for _, tag in ipairs(cjson.decode(tags)) do redis.call('ZREM', 't:' .. tag, key) end
  end
end
local function version_of(key)
  return redis.call('HGET', 'v:' .. key, 'n') or ''
end
"""

# key, value, ttl (milliseconds or ''), whether a version is wanted, that version, tags (JSON)
SET = (
    CLOCK
    + """
local key, ttl, tags = ARGV[1], ARGV[3], cjson.decode(ARGV[6])
if ARGV[4] == '1' and version_of(key) ~= ARGV[5] then return false end
untag(key)
local name, version = 'v:' .. key, tostring(redis.call('INCR', 's'))
redis.call('DEL', name)
redis.call('HSET', name, 'v', ARGV[2], 'n', version)
local ends = '+inf'
if ttl ~= '' then
  redis.call('PEXPIRE', name, ttl)
  ends = math.floor(clock('') / 1000) + tonumber(ttl)
end
if #tags > 0 then redis.call('HSET', name, 't', ARGV[6]) end
for _, tag in ipairs(tags) do
  local list = 't:' .. tag
  redis.call('ZREMRANGEBYSCORE', list, '-inf', math.floor(clock('') / 1000))
  local left = redis.call('PTTL', list)
  redis.call('ZADD', list, ends, key)
  -- A tag lasts as long as the last thing under it: -2 is one that was not there, -1 one that stays.
  if ttl == '' then
    redis.call('PERSIST', list)
  elseif left ~= -1 and left < tonumber(ttl) then
    redis.call('PEXPIRE', list, ttl)
  end
end
return version
"""
)

# key, whether a version is wanted, that version
DELETE = (
    CLOCK
    + """
local key = ARGV[1]
if redis.call('EXISTS', 'v:' .. key) == 0 then return 0 end
if ARGV[2] == '1' and version_of(key) ~= ARGV[3] then return 0 end
untag(key)
return redis.call('DEL', 'v:' .. key)
"""
)

# key, amount, ttl (milliseconds or ''), the largest number
ADD = """
local name = 'v:' .. ARGV[1]
local known = redis.call('HGET', name, 'v')
local total = tonumber(ARGV[2])
if known then
  if not string.match(known, '^-?%d+$') then return redis.error_reply('NOTANUMBER') end
  total = total + tonumber(known)
end
if math.abs(total) > tonumber(ARGV[4]) then return redis.error_reply('TOOLARGE') end
redis.call('HSET', name, 'v', string.format('%.0f', total), 'n', tostring(redis.call('INCR', 's')))
if not known and ARGV[3] ~= '' then redis.call('PEXPIRE', name, ARGV[3]) end
return string.format('%.0f', total)
"""

# tag
FORGET = """
local name, found = 't:' .. ARGV[1], 0
for _, key in ipairs(redis.call('ZRANGE', name, 0, -1)) do
  local tags = redis.call('HGET', 'v:' .. key, 't')
  for _, tag in ipairs(tags and cjson.decode(tags) or {}) do
    if tag ~= ARGV[1] then redis.call('ZREM', 't:' .. tag, key) end
  end
  found = found + redis.call('DEL', 'v:' .. key)
end
redis.call('DEL', name)
return found
"""

# key, algorithm, limit, window (microseconds), cost, now (microseconds, '' for the clock)
# gives: allowed, remaining, reset after, retry after (microseconds)
HIT = (
    CLOCK
    + """
local name = 'c:' .. ARGV[2] .. ':' .. ARGV[3] .. ':' .. ARGV[4] .. ':' .. ARGV[1]
local limit, window, cost, now = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), clock(ARGV[6])
local function whole(number) return string.format('%.0f', number) end
local function verdict(allowed, remaining, reset, retry)
  if allowed then retry = 0 end
  return {allowed and 1 or 0, whole(remaining), whole(reset), whole(retry)}
end
-- What would last longer is of a clock that was set back since.
local latest = 2 * window
local function keep(seconds) redis.call('PEXPIRE', name, whole(math.ceil(seconds / 1000) + 1000)) end

if ARGV[2] == 'fixed_window' then
  local state = redis.call('HMGET', name, 'used', 'ends')
  local used, ends = tonumber(state[1] or 0), tonumber(state[2] or 0)
  if now >= ends or ends > now + latest then used, ends = 0, now + window end
  local allowed = used + cost <= limit
  if allowed then used = used + cost end
  redis.call('HSET', name, 'used', whole(used), 'ends', whole(ends))
  keep(ends - now)
  return verdict(allowed, limit - used, ends - now, ends - now)
end

if ARGV[2] == 'gcra' then
  -- The backlog in parts of a microsecond, `limit` of them, so that nothing is ever rounded.
  local state = redis.call('HMGET', name, 'ahead', 'at')
  local at = tonumber(state[2] or now)
  local ahead = math.max(tonumber(state[1] or 0) - (now - at) * limit, 0)
  if ahead > latest * limit then ahead = 0 end
  local wanted = ahead + cost * window
  local over = wanted - window * limit
  if over <= 0 then
    ahead = wanted
    redis.call('HSET', name, 'ahead', whole(ahead), 'at', whole(now))
    keep(ahead / limit)
  end
  local remaining = math.floor((window * limit - ahead) / window)
  return verdict(over <= 0, remaining, math.ceil(ahead / limit), math.ceil(over / limit))
end

-- Each call is remembered as `number:cost`, under the moment when its window ends.
redis.call('ZREMRANGEBYSCORE', name, '-inf', whole(now))
local passed, used, last = redis.call('ZRANGE', name, 0, -1, 'WITHSCORES'), 0, now
for i = 1, #passed, 2 do
  used = used + tonumber(string.match(passed[i], ':(%d+)$'))
  last = tonumber(passed[i + 1])
end
if last > now + latest then
  redis.call('DEL', name)
  passed, used, last = {}, 0, now
end
if used + cost <= limit then
  redis.call('ZADD', name, whole(now + window), tostring(redis.call('INCR', 's')) .. ':' .. whole(cost))
  keep(window)
  return verdict(true, limit - used - cost, window, 0)
end
local wanted, retry = used + cost - limit, window
for i = 1, #passed, 2 do
  wanted = wanted - tonumber(string.match(passed[i], ':(%d+)$'))
  if wanted <= 0 then
    retry = tonumber(passed[i + 1]) - now
    break
  end
end
return verdict(false, limit - used, last - now, retry)
"""
)

# asks for: key, ttl (milliseconds); gives the fence, or how long until it is free (negative milliseconds)
ACQUIRE = """
local name = 'l:' .. ARGV[1]
local left = redis.call('PTTL', name)
if left >= 0 then return -(left + 1) end
local fence = redis.call('INCR', 's')
redis.call('SET', name, fence, 'PX', ARGV[2])
return fence
"""

# asks for: key, fence, ttl (milliseconds)
RENEW = """
if redis.call('GET', 'l:' .. ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('PEXPIRE', 'l:' .. ARGV[1], ARGV[3])
"""

# key, fence
RELEASE = """
if redis.call('GET', 'l:' .. ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('DEL', 'l:' .. ARGV[1])
"""
