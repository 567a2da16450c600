-- # a page of a sorted set of hashes
-- > ZADD ids 1 a 2 b 3 c 4 d 5 e
-- > HSET item:b name Bob
-- > HSET item:c name Cid
-- > HSET item:d name Dan
-- ! 1 ids 2 2
-- ! 1 ids 9 2
local page, size = tonumber(ARGV[1]), tonumber(ARGV[2])
local first = (page - 1) * size
local items = {}
for i, id in ipairs(redis.call("ZREVRANGE", KEYS[1], first, first + size - 1)) do
  items[i] = {id, redis.call("HGET", "item:" .. id, "name")}
end
return {redis.call("ZCARD", KEYS[1]), math.ceil(redis.call("ZCARD", KEYS[1]) / size), items}
---
-- # a cursor: what comes after the last one seen
-- > ZADD z 1 a 2 b 2 c 2 d 3 e
-- ! 1 z 2
-- ! 1 z 2 2 b
-- ! 1 z 2 3 e
local size, score, member = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local out = {}
for _, m in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], score or "-inf", "+inf")) do
  local s = redis.call("ZSCORE", KEYS[1], m)
  if not score or tonumber(s) > tonumber(score) or m > member then out[#out + 1] = {m, s} end
  if #out == size then break end
end
return out
---
-- # prefix search by range
-- > ZADD names 0 ada 0 adam 0 bob 0 adele
-- ! 1 names ad 2
-- ! 1 names ada 9
-- ! 1 names x 9
return redis.call("ZRANGEBYLEX", KEYS[1], "[" .. ARGV[1], "[" .. ARGV[1] .. "\255", "LIMIT", 0, ARGV[2])
---
-- # an index of words
-- ! 0 index d1 "The quick brown fox"
-- ! 0 index d2 "the lazy dog, the fox!"
-- ! 0 find "fox the"
-- ! 0 find "dog fox"
-- ! 0 find cat
local words = {}
for w in ARGV[#ARGV]:lower():gmatch("%a+") do words[#words + 1] = w end
if ARGV[1] == "index" then
  for _, w in ipairs(words) do redis.call("ZINCRBY", "w:" .. w, 1, ARGV[2]) end
  return #words
end
local scores = {}
for i, w in ipairs(words) do
  local all = redis.call("ZRANGE", "w:" .. w, 0, -1, "WITHSCORES")
  local here = {}
  for j = 1, #all, 2 do here[all[j]] = (i == 1 and 0 or scores[all[j]] or -math.huge) + all[j + 1] end
  scores = here
end
local docs = {}
for d, s in pairs(scores) do if s > -math.huge then docs[#docs + 1] = d .. "=" .. s end end
table.sort(docs)
return docs
---
-- # scan all keys of a pattern, in steps
-- > MSET u:1 a u:2 b x:1 c
-- ! 0 u:*
local cursor, found = "0", {}
repeat
  local r = redis.call("SCAN", cursor, "MATCH", ARGV[1], "COUNT", 100)
  cursor = r[1]
  for _, k in ipairs(r[2]) do found[#found + 1] = k end
until cursor == "0"
table.sort(found)
return found
---
-- # delete what matches, in chunks for unpack
-- > MSET tmp:1 a tmp:2 b tmp:3 c keep d
-- ! 0 tmp:* 2
-- ! 0 tmp:* 2
local keys = redis.call("KEYS", ARGV[1])
for i = 1, #keys, ARGV[2] do
  redis.call("DEL", unpack(keys, i, math.min(i + ARGV[2] - 1, #keys)))
end
return #keys
---
-- # a feed of several sources, newest first
-- > ZADD s:a 10 a1 30 a2
-- > ZADD s:b 20 b1 40 b2
-- ! 2 s:a s:b 3
local all = {}
for _, key in ipairs(KEYS) do
  local items = redis.call("ZREVRANGE", key, 0, ARGV[1] - 1, "WITHSCORES")
  for i = 1, #items, 2 do all[#all + 1] = {items[i], tonumber(items[i + 1])} end
end
table.sort(all, function(x, y) return x[2] > y[2] end)
local page = {}
for i = 1, math.min(#all, tonumber(ARGV[1])) do page[i] = all[i][1] end
return page
---
-- # a post goes to the feeds of all who follow
-- > SADD followers:ada eve bob
-- ! 0 ada p1 100 2
-- ! 0 ada p2 101 2
-- ! 0 ada p3 102 2
for _, who in ipairs(redis.call("SMEMBERS", "followers:" .. ARGV[1])) do
  local feed = "feed:" .. who
  redis.call("ZADD", feed, ARGV[3], ARGV[2])
  redis.call("ZREMRANGEBYRANK", feed, 0, -(ARGV[4] + 1))
end
return redis.call("ZRANGE", "feed:eve", 0, -1)
---
-- # unread messages of a thread
-- > RPUSH t:1 hi there you
-- ! 2 t:1 read ada
-- ! 2 t:1 read ada mark
-- > RPUSH t:1 again
-- ! 2 t:1 read ada
local total = redis.call("LLEN", KEYS[1])
local seen = tonumber(redis.call("HGET", KEYS[2], ARGV[1]) or 0)
if ARGV[2] == "mark" then redis.call("HSET", KEYS[2], ARGV[1], total) return 0 end
return redis.call("LRANGE", KEYS[1], seen, -1)
---
-- # sort by a field of hashes
-- > SADD ids 1 2 3
-- > HSET u:1 age 30 name a
-- > HSET u:2 age 20 name b
-- > HSET u:3 age 40 name c
-- ! 1 ids
return redis.call("SORT", KEYS[1], "BY", "u:*->age", "GET", "#", "GET", "u:*->name")
---
-- # places within a distance, and what is there
-- > GEOADD geo 13.361389 38.115556 palermo 15.087269 37.502669 catania
-- > HSET shops palermo 3 catania 5
-- ! 2 geo shops 15 37 100
-- ! 2 geo shops 15 37 300
local out = {}
for _, hit in ipairs(redis.call("GEOSEARCH", KEYS[1], "FROMLONLAT", ARGV[1], ARGV[2], "BYRADIUS", ARGV[3], "km", "ASC", "WITHDIST")) do
  out[#out + 1] = hit[1] .. "@" .. math.floor(hit[2] + 0.5) .. "x" .. redis.call("HGET", KEYS[2], hit[1])
end
return out
---
-- # hash fields of a prefix, by HSCAN
-- > HSET h user:1 a user:2 b other c
-- ! 1 h user:*
local cursor, sum, names = "0", 0, {}
repeat
  local r = redis.call("HSCAN", KEYS[1], cursor, "MATCH", ARGV[1])
  cursor = r[1]
  for i = 1, #r[2], 2 do sum = sum + 1 names[#names + 1] = r[2][i] .. "=" .. r[2][i + 1] end
until cursor == "0"
table.sort(names)
return {sum, names}
