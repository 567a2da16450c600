-- # token bucket: refills by the time that is passed in
-- ! 1 b 10 1 1000 1
-- ! 1 b 10 1 1000 4
-- ! 1 b 10 1 1002 7
-- ! 1 b 10 1 1003 1
local capacity, rate, now, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local state = redis.call("HMGET", KEYS[1], "tokens", "at")
local tokens, at = tonumber(state[1]) or capacity, tonumber(state[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate)
local allowed = tokens >= wanted
if allowed then tokens = tokens - wanted end
redis.call("HSET", KEYS[1], "tokens", tokens, "at", now)
redis.call("EXPIRE", KEYS[1], math.ceil(capacity / rate) * 2)
return {allowed and 1 or 0, tokens}
---
-- # token bucket of fractions, whose state is text
-- ! 2 b:tokens b:at 0.3 2 100.5 1
-- ! 2 b:tokens b:at 0.3 2 101.25 1
-- ! 2 b:tokens b:at 0.3 2 101.5 1
local rate, capacity, now, requested = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ttl = math.floor(capacity / rate * 2)
local last = tonumber(redis.call("get", KEYS[1]))
if last == nil then last = capacity end
local refreshed = tonumber(redis.call("get", KEYS[2]))
if refreshed == nil then refreshed = 0 end
local filled = math.min(capacity, last + math.max(0, now - refreshed) * rate)
local allowed = filled >= requested
local new = filled
if allowed then new = filled - requested end
redis.call("setex", KEYS[1], ttl, tostring(new))
redis.call("setex", KEYS[2], ttl, tostring(now))
return {allowed, tostring(new)}
---
-- # fixed window: the first request starts it
-- ! 1 w 3 60
-- ! 1 w 3 60
-- ! 1 w 3 60
-- ! 1 w 3 60
local current = redis.call("INCR", KEYS[1])
if current == 1 then redis.call("EXPIRE", KEYS[1], ARGV[2]) end
if current > tonumber(ARGV[1]) then return redis.call("TTL", KEYS[1]) > 0 and -1 or -2 end
return tonumber(ARGV[1]) - current
---
-- # sliding window log in a sorted set
-- ! 1 log 1000 100 2 a
-- ! 1 log 1050 100 2 b
-- ! 1 log 1060 100 2 c
-- ! 1 log 1101 100 2 d
local now, window, limit, id = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - window)
local count = redis.call("ZCARD", KEYS[1])
if count < limit then
  redis.call("ZADD", KEYS[1], now, id)
  redis.call("PEXPIRE", KEYS[1], window * 1000)
  return {1, limit - count - 1}
end
local oldest = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
return {0, tonumber(oldest[2]) + window - now}
---
-- # sliding window counter: the window before counts in part
-- > SET w:9 10
-- ! 2 w:10 w:9 12 0.25
-- ! 2 w:10 w:9 12 0.75
-- ! 2 w:10 w:9 3 0.75
local current = tonumber(redis.call("GET", KEYS[1]) or "0")
local previous = tonumber(redis.call("GET", KEYS[2]) or "0")
local weighted = previous * (1 - tonumber(ARGV[2])) + current
if weighted >= tonumber(ARGV[1]) then return {0, tostring(weighted)} end
redis.call("INCR", KEYS[1])
redis.call("EXPIRE", KEYS[1], 120)
return {1, tostring(weighted + 1)}
---
-- # leaky bucket: water runs out with time
-- ! 1 leak 5 2 0
-- ! 1 leak 5 2 0
-- ! 1 leak 5 2 1
-- ! 1 leak 1 2 1
local key, capacity, leak, now = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call("HGETALL", key)
local water, last = 0, now
for i = 1, #bucket, 2 do
  if bucket[i] == "water" then water = tonumber(bucket[i + 1]) elseif bucket[i] == "last" then last = tonumber(bucket[i + 1]) end
end
water = math.max(0, water - (now - last) * leak)
if water + 1 > capacity then return -1 end
redis.call("HSET", key, "water", water + 1, "last", now)
return water + 1
---
-- # GCRA: one number says when the next request may come
-- ! 1 g 1000 100 3
-- ! 1 g 1000 100 3
-- ! 1 g 1000 100 3
-- ! 1 g 1000 100 3
-- ! 1 g 1250 100 3
local now, emission, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = tonumber(redis.call("GET", KEYS[1])) or now
tat = math.max(tat, now)
local new = tat + emission
local allow_at = new - emission * burst
if now < allow_at then return {0, allow_at - now} end
redis.call("SET", KEYS[1], string.format("%d", new), "PX", (new - now) * 1000)
return {1, 0}
---
-- # several limits at once: all or none
-- ! 3 s:ada m:ada h:ada 2 1 3 60 4 3600
-- ! 3 s:ada m:ada h:ada 2 1 3 60 4 3600
-- ! 3 s:ada m:ada h:ada 2 1 3 60 4 3600
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[i * 2 - 1])
  if tonumber(redis.call("GET", key) or 0) >= limit then return {0, key} end
end
for i, key in ipairs(KEYS) do
  if redis.call("INCR", key) == 1 then redis.call("EXPIRE", key, ARGV[i * 2]) end
end
return {1}
---
-- # concurrent requests: slots that are given back or expire
-- ! 1 slots 2 1000 30 r1
-- ! 1 slots 2 1001 30 r2
-- ! 1 slots 2 1002 30 r3
-- ! 1 slots 2 1031 30 r4
local limit, now, ttl, id = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - ttl)
if redis.call("ZCARD", KEYS[1]) >= limit then return false end
redis.call("ZADD", KEYS[1], now, id)
return id
---
-- # cost of a request taken from a daily budget
-- > SET budget 100
-- ! 1 budget 30
-- !! 1 budget 80
-- ! 1 budget 70
local left = tonumber(redis.call("GET", KEYS[1]) or 0)
local cost = tonumber(ARGV[1])
if cost > left then return {err = "BUDGET only " .. left .. " left"} end
return redis.call("DECRBY", KEYS[1], cost)
---
-- # penalties that double
-- ! 1 strikes ada
-- ! 1 strikes ada
-- ! 1 strikes eve
-- ! 1 strikes ada
local strikes = redis.call("HINCRBY", KEYS[1], ARGV[1], 1)
local wait = 2 ^ (strikes - 1)
redis.call("SET", "ban:" .. ARGV[1], strikes, "EX", wait * 60)
return {strikes, wait}
---
-- # requests by day in buckets of a hash
-- ! 1 hits 19700 3
-- ! 1 hits 19701 3
-- ! 1 hits 19704 3
local day, keep = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call("HINCRBY", KEYS[1], day, 1)
local sum = 0
local fields = redis.call("HKEYS", KEYS[1])
table.sort(fields, function(a, b) return tonumber(a) < tonumber(b) end)
for _, field in ipairs(fields) do
  if tonumber(field) <= day - keep then redis.call("HDEL", KEYS[1], field)
  else sum = sum + redis.call("HGET", KEYS[1], field) end
end
return sum
---
-- # a cap on distinct visitors
-- ! 1 seen 2 ada
-- ! 1 seen 2 ada
-- ! 1 seen 2 eve
-- ! 1 seen 2 bob
if redis.call("SISMEMBER", KEYS[1], ARGV[2]) == 1 then return "known" end
if redis.call("SCARD", KEYS[1]) >= tonumber(ARGV[1]) then return "full" end
redis.call("SADD", KEYS[1], ARGV[2])
return "new"
---
-- # at most one message an hour for each pair of people
-- ! 0 ada eve 3600
-- ! 0 eve ada 3600
-- ! 0 ada bob 3600
local pair = {ARGV[1], ARGV[2]}
table.sort(pair)
local key = "talk:" .. table.concat(pair, ":")
return redis.call("SET", key, 1, "NX", "EX", ARGV[3]) and 1 or 0
---
-- # backoff by the number of failures in a row
-- ! 1 fails fail
-- ! 1 fails fail
-- ! 1 fails fail
-- ! 1 fails ok
-- ! 1 fails fail
if ARGV[1] == "ok" then redis.call("DEL", KEYS[1]) return 0 end
local n = redis.call("INCR", KEYS[1])
redis.call("PEXPIRE", KEYS[1], 60000)
return math.min(30000, 100 * math.pow(2, n))
---
-- # circuit breaker: opens after failures, and lets one try
-- ! 1 circuit 3 10 100 fail
-- ! 1 circuit 3 10 101 fail
-- ! 1 circuit 3 10 102 fail
-- ! 1 circuit 3 10 103 ask
-- ! 1 circuit 3 10 112 ask
-- ! 1 circuit 3 10 112 ask
-- ! 1 circuit 3 10 113 ok
-- ! 1 circuit 3 10 113 ask
local limit, pause, now, what = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local h = redis.call("HMGET", KEYS[1], "fails", "opened", "trying")
local fails, opened, trying = tonumber(h[1]) or 0, tonumber(h[2]), h[3]
if what == "ok" then redis.call("DEL", KEYS[1]) return "closed" end
if what == "fail" then
  fails = redis.call("HINCRBY", KEYS[1], "fails", 1)
  if fails >= limit then redis.call("HSET", KEYS[1], "opened", now) redis.call("HDEL", KEYS[1], "trying") return "open" end
  return "closed"
end
if not opened then return "closed" end
if now - opened >= pause and not trying then redis.call("HSET", KEYS[1], "trying", now) return "half-open" end
return "open"
---
-- # a quota that is lent and settled
-- > SET quota 100
-- ! 2 quota lent lend job1 60
-- ! 2 quota lent lend job2 60
-- ! 2 quota lent settle job1 25
-- ! 2 quota lent lend job2 60
-- ! 2 quota lent settle nojob 1
local what, job, n = ARGV[1], ARGV[2], tonumber(ARGV[3])
if what == "lend" then
  if tonumber(redis.call("GET", KEYS[1])) < n then return {0, "short"} end
  redis.call("DECRBY", KEYS[1], n)
  redis.call("HSET", KEYS[2], job, n)
  return {1}
end
local lent = redis.call("HGET", KEYS[2], job)
if not lent then return {0, "unknown"} end
redis.call("HDEL", KEYS[2], job)
return {1, redis.call("INCRBY", KEYS[1], lent - n)}
---
-- # what a bit of every second says of a minute
-- ! 1 bits 3
-- ! 1 bits 7
-- ! 1 bits 7
-- ! 1 bits 59
redis.call("SETBIT", KEYS[1], ARGV[1], 1)
redis.call("EXPIRE", KEYS[1], 60)
return {redis.call("BITCOUNT", KEYS[1]), redis.call("BITPOS", KEYS[1], 1), redis.call("STRLEN", KEYS[1])}
---
-- # limits by plan from a JSON document
-- > SET plans "{\"free\":{\"limit\":2},\"pro\":{\"limit\":5,\"burst\":2}}"
-- ! 2 plans used free ada
-- ! 2 plans used free ada
-- ! 2 plans used free ada
-- ! 2 plans used pro eve
-- !! 2 plans used gold bob
local plan = cjson.decode(redis.call("GET", KEYS[1]))[ARGV[1]]
if not plan then return redis.error_reply("NOPLAN " .. ARGV[1]) end
local most = plan.limit + (plan.burst or 0)
local used = redis.call("HINCRBY", KEYS[2], ARGV[2], 1)
return {used <= most and 1 or 0, math.max(0, most - used)}
---
-- # a distributed counter that is flushed in batches
-- ! 2 pending total 3 5
-- ! 2 pending total 3 5
-- ! 2 pending total 1 5
local pending = redis.call("INCRBY", KEYS[1], ARGV[1])
if pending >= tonumber(ARGV[2]) then
  redis.call("INCRBY", KEYS[2], pending)
  redis.call("SET", KEYS[1], 0)
  return {"flushed", pending}
end
return {"kept", pending}
