-- # read through: what is missing is marked as being made
-- ! 1 page me
-- ! 1 page you
-- > SET page content
-- ! 1 page you
local v = redis.call("GET", KEYS[1])
if v then return {"hit", v} end
if redis.call("SET", KEYS[1] .. ":making", ARGV[1], "NX", "PX", 30000) then return {"make"} end
return {"wait", redis.call("GET", KEYS[1] .. ":making")}
---
-- # stale while it is made anew
-- > HSET p body old fresh 100 stale 200
-- ! 1 p 50
-- ! 1 p 150
-- ! 1 p 160
-- ! 1 p 250
local h = redis.call("HMGET", KEYS[1], "body", "fresh", "stale")
local now = tonumber(ARGV[1])
if not h[1] or now > tonumber(h[3]) then return {"miss"} end
if now <= tonumber(h[2]) then return {"fresh", h[1]} end
if redis.call("HSETNX", KEYS[1], "making", now) == 1 then return {"make", h[1]} end
return {"stale", h[1]}
---
-- # least recently used of a few
-- ! 2 c use 3 1 a A
-- ! 2 c use 3 2 b B
-- ! 2 c use 3 3 c C
-- ! 2 c use 3 4 a A2
-- ! 2 c use 3 5 d D
local most, now, key, value = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
redis.call("HSET", KEYS[1], key, value)
redis.call("ZADD", KEYS[2], now, key)
local over = redis.call("ZCARD", KEYS[2]) - most
local gone = {}
if over > 0 then
  gone = redis.call("ZRANGE", KEYS[2], 0, over - 1)
  redis.call("ZREM", KEYS[2], unpack(gone))
  redis.call("HDEL", KEYS[1], unpack(gone))
end
return gone
---
-- # tags invalidate what they mark
-- ! 0 set p1 body1 news sport
-- ! 0 set p2 body2 news
-- ! 0 drop sport
-- ! 0 drop news
if ARGV[1] == "set" then
  redis.call("SET", "c:" .. ARGV[2], ARGV[3])
  for i = 4, #ARGV do redis.call("SADD", "tag:" .. ARGV[i], ARGV[2]) end
  return #ARGV - 3
end
local n = 0
for _, id in ipairs(redis.call("SMEMBERS", "tag:" .. ARGV[2])) do n = n + redis.call("DEL", "c:" .. id) end
redis.call("DEL", "tag:" .. ARGV[2])
return n
---
-- # a version in the name invalidates all at once
-- ! 1 ns set a 1
-- ! 1 ns get a
-- ! 1 ns bump
-- ! 1 ns get a
local v = redis.call("GET", KEYS[1]) or "0"
local key = KEYS[1] .. ":" .. v .. ":" .. (ARGV[2] or "")
if ARGV[1] == "set" then return redis.call("SET", key, ARGV[3], "EX", 60)
elseif ARGV[1] == "bump" then return redis.call("INCR", KEYS[1]) end
return redis.call("GET", key)
---
-- # many of a hash, and which are missing
-- > HSET h a 1 c 3
-- ! 1 h a b c d
local values, missing = redis.call("HMGET", KEYS[1], unpack(ARGV)), {}
for i, v in ipairs(values) do if v == false then missing[#missing + 1] = ARGV[i] end end
return {#values, missing, values}
---
-- # a session is touched, and its owner counted
-- > HSET sess:1 user ada n 0
-- ! 1 sess:1 1800
-- ! 1 sess:9 1800
if redis.call("EXISTS", KEYS[1]) == 0 then return nil end
redis.call("EXPIRE", KEYS[1], ARGV[1])
redis.call("HINCRBY", KEYS[1], "n", 1)
return redis.call("HMGET", KEYS[1], "user", "n")
---
-- # one session a user: the old one ends
-- ! 1 current ada s1
-- ! 1 current ada s2
-- ! 1 current eve s3
local old = redis.call("HGET", KEYS[1], ARGV[1])
if old then redis.call("DEL", "sess:" .. old) end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("SET", "sess:" .. ARGV[2], ARGV[1], "EX", 3600)
return old
---
-- # a code that is used once, and wears out
-- > HSET code:ada value 1234 tries 2
-- ! 1 code:ada 1111
-- ! 1 code:ada 1112
-- ! 1 code:ada 1234
-- > HSET code:eve value 9 tries 2
-- ! 1 code:eve 9
local code = redis.call("HGET", KEYS[1], "value")
if not code then return "expired" end
if code == ARGV[1] then redis.call("DEL", KEYS[1]) return "ok" end
if redis.call("HINCRBY", KEYS[1], "tries", -1) <= 0 then redis.call("DEL", KEYS[1]) end
return "wrong"
---
-- # a shopping cart of a guest joins that of the user
-- > HSET cart:guest a 1 b 2
-- > HSET cart:user b 5 c 1
-- ! 2 cart:guest cart:user
local items = redis.call("HGETALL", KEYS[1])
for i = 1, #items, 2 do redis.call("HINCRBY", KEYS[2], items[i], items[i + 1]) end
redis.call("DEL", KEYS[1])
local out = redis.call("HGETALL", KEYS[2])
local sum = 0
for i = 2, #out, 2 do sum = sum + out[i] end
return {#out / 2, sum}
---
-- # settings with defaults
-- > HSET defaults color red size m
-- > HSET user:1 size xl
-- ! 2 user:1 defaults color size shape
local out = {}
for i, name in ipairs(ARGV) do
  out[i] = redis.call("HGET", KEYS[1], name) or redis.call("HGET", KEYS[2], name) or "none"
end
return out
---
-- # feature flags by percent
-- > HSET flags new-ui 50 all 100 none 0
-- ! 1 flags new-ui ada
-- ! 1 flags new-ui eve
-- ! 1 flags all x
-- ! 1 flags none x
-- ! 1 flags unknown x
local percent = tonumber(redis.call("HGET", KEYS[1], ARGV[1]))
if not percent then return false end
local n = tonumber(redis.sha1hex(ARGV[1] .. ":" .. ARGV[2]):sub(1, 6), 16) % 100
return n < percent and 1 or 0
---
-- # keys are copied with their time to live
-- > SET a v EX 1000
-- > SET b v
-- ! 4 a b a2 b2
local n = #KEYS / 2
local out = {}
for i = 1, n do
  local ttl = redis.call("TTL", KEYS[i])
  redis.call("COPY", KEYS[i], KEYS[n + i], "REPLACE")
  out[i] = redis.call("TTL", KEYS[n + i]) == ttl and 1 or 0
end
return out
---
-- # types and encodings of keys
-- > SET s 12
-- > RPUSH l a
-- > ZADD z 1 a
-- > HSET h f v
-- ! 5 s l z h none
local out = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call("TYPE", key)
  out[i] = kind.ok .. (kind.ok == "none" and "" or "/" .. redis.call("OBJECT", "ENCODING", key))
end
return {out[1], out[5]}
