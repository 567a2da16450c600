-- # minute, hour and day at once
-- ! 1 hits 93784
-- ! 1 hits 93799
local t, out = tonumber(ARGV[1]), {}
for i, unit in ipairs({{"m", 60}, {"h", 3600}, {"d", 86400}}) do
  local key = ("%s:%s:%d"):format(KEYS[1], unit[1], t - t % unit[2])
  out[i] = redis.call("INCR", key)
  redis.call("EXPIRE", key, unit[2] * 2)
end
return out
---
-- # mean and deviation, one value at a time (Welford)
-- ! 1 stat 2
-- ! 1 stat 4
-- ! 1 stat 4
-- ! 1 stat 9
local s = redis.call("HMGET", KEYS[1], "n", "mean", "m2")
local n, mean, m2 = tonumber(s[1]) or 0, tonumber(s[2]) or 0, tonumber(s[3]) or 0
local x = tonumber(ARGV[1])
n = n + 1
local delta = x - mean
mean = mean + delta / n
m2 = m2 + delta * (x - mean)
redis.call("HSET", KEYS[1], "n", n, "mean", string.format("%.17g", mean), "m2", string.format("%.17g", m2))
return {n, string.format("%.4f", mean), n > 1 and string.format("%.4f", math.sqrt(m2 / (n - 1))) or "0"}
---
-- # a histogram with growing buckets
-- ! 1 h 3 17 250 1 90000
local counts = {}
for _, v in ipairs(ARGV) do
  local bucket = 2 ^ math.ceil(math.log(v) / math.log(2) - 1e-9)
  redis.call("HINCRBY", KEYS[1], bucket, 1)
end
local all = redis.call("HGETALL", KEYS[1])
local rows = {}
for i = 1, #all, 2 do rows[#rows + 1] = {tonumber(all[i]), all[i + 1]} end
table.sort(rows, function(a, b) return a[1] < b[1] end)
for i, r in ipairs(rows) do rows[i] = r[1] .. ":" .. r[2] end
return rows
---
-- # median of a list
-- > RPUSH l 5 1 4 2
-- ! 1 l
-- > RPUSH l 3
-- ! 1 l
-- ! 1 none
local v = redis.call("LRANGE", KEYS[1], 0, -1)
if #v == 0 then return false end
for i = 1, #v do v[i] = tonumber(v[i]) end
table.sort(v)
local mid = math.floor(#v / 2)
return tostring(#v % 2 == 1 and v[mid + 1] or (v[mid] + v[mid + 1]) / 2)
---
-- # moving average of the last values
-- ! 1 ma 3 10
-- ! 1 ma 3 20
-- ! 1 ma 3 30
-- ! 1 ma 3 40
redis.call("LPUSH", KEYS[1], ARGV[2])
redis.call("LTRIM", KEYS[1], 0, ARGV[1] - 1)
local sum, values = 0, redis.call("LRANGE", KEYS[1], 0, -1)
for _, v in ipairs(values) do sum = sum + v end
return tostring(sum / #values)
---
-- # exponentially weighted average
-- ! 1 ewma 0.5 10
-- ! 1 ewma 0.5 20
-- ! 1 ewma 0.5 5
local old = tonumber(redis.call("GET", KEYS[1]))
local new = old and (old + ARGV[1] * (ARGV[2] - old)) or tonumber(ARGV[2])
redis.call("SET", KEYS[1], tostring(new))
return tostring(new)
---
-- # least and most, with when
-- ! 1 ext 5 t1
-- ! 1 ext 9 t2
-- ! 1 ext 2 t3
-- ! 1 ext 4 t4
local v = tonumber(ARGV[1])
local low, high = tonumber(redis.call("HGET", KEYS[1], "low")), tonumber(redis.call("HGET", KEYS[1], "high"))
if not low or v < low then redis.call("HSET", KEYS[1], "low", v, "low_at", ARGV[2]) end
if not high or v > high then redis.call("HSET", KEYS[1], "high", v, "high_at", ARGV[2]) end
return redis.call("HMGET", KEYS[1], "low", "low_at", "high", "high_at")
---
-- # the most frequent words, by a small sketch
-- ! 1 top 2 a b a c a b d
local most, counts = tonumber(ARGV[1]), {}
for i = 2, #ARGV do
  local w = ARGV[i]
  if counts[w] then counts[w] = counts[w] + 1
  else
    local n = 0
    for _ in pairs(counts) do n = n + 1 end
    if n < most then counts[w] = 1
    else for k, c in pairs(counts) do counts[k] = c > 1 and c - 1 or nil end end
  end
end
for w, c in pairs(counts) do redis.call("ZADD", KEYS[1], c, w) end
return redis.call("ZREVRANGE", KEYS[1], 0, -1, "WITHSCORES")
---
-- # samples kept by reservoir, with a generator of one's own
-- ! 1 res 3 42
local seed, kept = tonumber(ARGV[2]), {}
local function rand(n) seed = (seed * 1103515245 + 12345) % 2 ^ 31 return seed % n end
for i = 1, 20 do
  if #kept < tonumber(ARGV[1]) then kept[#kept + 1] = i
  else local j = rand(i) + 1 if j <= #kept then kept[j] = i end end
end
redis.call("RPUSH", KEYS[1], unpack(kept))
return kept
---
-- # a funnel: how many got how far
-- > SADD step1 a b c d
-- > SADD step2 a b c
-- > SADD step3 c z
-- ! 3 step1 step2 step3
local out = {}
for i = 1, #KEYS do
  local n = #redis.call("SINTER", unpack(KEYS, 1, i))
  out[i] = ("%s %d %.0f%%"):format(KEYS[i], n, n * 100 / redis.call("SCARD", KEYS[1]))
end
return out
---
-- # retention by bitmaps
-- > SETBIT d0 1 1
-- > SETBIT d0 2 1
-- > SETBIT d0 3 1
-- > SETBIT d1 2 1
-- > SETBIT d2 2 1
-- > SETBIT d2 3 1
-- ! 3 d0 d1 d2
local out, base = {}, redis.call("BITCOUNT", KEYS[1])
for i = 2, #KEYS do
  redis.call("BITOP", "AND", "tmp", KEYS[1], KEYS[i])
  out[#out + 1] = redis.call("BITCOUNT", "tmp") .. "/" .. base
end
redis.call("DEL", "tmp")
return out
---
-- # floats are counted exactly in cents
-- > HSET acc a 0.10
-- ! 1 acc a 0.20
-- ! 1 acc a 0.70
-- ! 1 acc b -3.005
local cents = math.floor((redis.call("HGET", KEYS[1], ARGV[1]) or 0) * 100 + ARGV[2] * 100 + 0.5)
redis.call("HSET", KEYS[1], ARGV[1], ("%.2f"):format(cents / 100))
return redis.call("HGET", KEYS[1], ARGV[1])
