-- # first seen, or a duplicate
-- ! 1 dedup m1 3600
-- ! 1 dedup m1 3600
-- ! 1 dedup m2 3600
local added = redis.call("SADD", KEYS[1], ARGV[1])
if redis.call("TTL", KEYS[1]) < 0 then redis.call("EXPIRE", KEYS[1], ARGV[2]) end
return added
---
-- # only what is new of a batch
-- > SADD seen b
-- ! 1 seen a b c a
local fresh = {}
for _, id in ipairs(ARGV) do
  if redis.call("SADD", KEYS[1], id) == 1 then fresh[#fresh + 1] = id end
end
return fresh
---
-- # friends of both
-- > SADD f:ada eve bob tim
-- > SADD f:eve ada bob tim
-- ! 2 f:ada f:eve
local common = redis.call("SINTER", KEYS[1], KEYS[2])
table.sort(common)
return {#common, table.concat(common, " ")}
---
-- # follow, and who follows back
-- ! 0 ada eve
-- ! 0 eve ada
-- ! 0 ada ada
-- ! 0 ada eve
local who, whom = ARGV[1], ARGV[2]
if who == whom then return redis.status_reply("SELF") end
if redis.call("SADD", "following:" .. who, whom) == 0 then return redis.status_reply("ALREADY") end
redis.call("SADD", "followers:" .. whom, who)
return redis.call("SISMEMBER", "following:" .. whom, who)
---
-- # people one may know, by friends of friends
-- > SADD f:a b c
-- > SADD f:b a d e
-- > SADD f:c a d
-- ! 0 a
local me, count = ARGV[1], {}
local mine = {[me] = true}
local friends = redis.call("SMEMBERS", "f:" .. me)
for _, f in ipairs(friends) do mine[f] = true end
for _, f in ipairs(friends) do
  for _, other in ipairs(redis.call("SMEMBERS", "f:" .. f)) do
    if not mine[other] then count[other] = (count[other] or 0) + 1 end
  end
end
local names = {}
for name in pairs(count) do names[#names + 1] = name end
table.sort(names, function(x, y) if count[x] ~= count[y] then return count[x] > count[y] end return x < y end)
for i, name in ipairs(names) do names[i] = name .. ":" .. count[name] end
return names
---
-- # tags on both sides
-- ! 0 1 red blue
-- ! 0 1 blue green
-- ! 0 2 green
local id = ARGV[1]
local wanted = {}
for i = 2, #ARGV do wanted[ARGV[i]] = true end
for _, tag in ipairs(redis.call("SMEMBERS", "tags:" .. id)) do
  if not wanted[tag] then redis.call("SREM", "tags:" .. id, tag) redis.call("SREM", "tagged:" .. tag, id) end
end
for i = 2, #ARGV do redis.call("SADD", "tags:" .. id, ARGV[i]) redis.call("SADD", "tagged:" .. ARGV[i], id) end
return {redis.call("SCARD", "tags:" .. id), redis.call("SCARD", "tagged:green"), redis.call("EXISTS", "tagged:red")}
---
-- # all of some tags, none of others
-- > SADD t:a 1 2 3 4
-- > SADD t:b 2 3 4
-- > SADD t:c 4
-- ! 3 t:a t:b t:c 2
local n, result = tonumber(ARGV[1]), {}
for _, id in ipairs(redis.call("SINTER", unpack(KEYS, 1, n))) do
  local out = false
  for i = n + 1, #KEYS do out = out or redis.call("SISMEMBER", KEYS[i], id) == 1 end
  if not out then result[#result + 1] = id end
end
table.sort(result)
return result
---
-- # what two sets do not share, without making one
-- > SADD a 1 2 3
-- > SADD b 2 3 4 5
-- ! 2 a b
local left, right = redis.call("SDIFF", KEYS[1], KEYS[2]), redis.call("SDIFF", KEYS[2], KEYS[1])
table.sort(left)
table.sort(right)
return {left, right}
---
-- # Jaccard similarity
-- > SADD a 1 2 3
-- > SADD b 2 3 4 5
-- ! 2 a b
-- ! 2 a none
-- ! 2 none none2
local i, u = #redis.call("SINTER", unpack(KEYS)), #redis.call("SUNION", unpack(KEYS))
return u == 0 and "0" or ("%.3f"):format(i / u)
---
-- # everyone online but the blocked, with a limit
-- > ZADD online 10 a 20 b 30 c 40 d
-- > SADD blocked c
-- ! 2 online blocked 15 2
local shown = {}
for _, who in ipairs(redis.call("ZREVRANGEBYSCORE", KEYS[1], "+inf", ARGV[1])) do
  if redis.call("SISMEMBER", KEYS[2], who) == 0 then shown[#shown + 1] = who end
  if #shown == tonumber(ARGV[2]) then break end
end
return shown
---
-- # room membership with a limit and a waiting list
-- ! 2 room waiting join a 2
-- ! 2 room waiting join b 2
-- ! 2 room waiting join c 2
-- ! 2 room waiting leave a 2
-- ! 2 room waiting leave x 2
local what, who, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
if what == "join" then
  if redis.call("SCARD", KEYS[1]) < most then redis.call("SADD", KEYS[1], who) return "in" end
  return redis.call("RPUSH", KEYS[2], who)
end
if redis.call("SREM", KEYS[1], who) == 0 then return false end
local next_ = redis.call("LPOP", KEYS[2])
if next_ then redis.call("SADD", KEYS[1], next_) end
return next_
---
-- # distinct counts by HyperLogLog, and exact while few
-- ! 2 exact hll a b c
-- ! 2 exact hll c d e
-- ! 2 exact hll f
if redis.call("EXISTS", KEYS[2]) == 0 then
  redis.call("SADD", KEYS[1], unpack(ARGV))
  if redis.call("SCARD", KEYS[1]) < 5 then return {"exact", redis.call("SCARD", KEYS[1])} end
  redis.call("PFADD", KEYS[2], unpack(redis.call("SMEMBERS", KEYS[1])))
  redis.call("DEL", KEYS[1])
  return {"moved", redis.call("PFCOUNT", KEYS[2])}
end
redis.call("PFADD", KEYS[2], unpack(ARGV))
return {"about", redis.call("PFCOUNT", KEYS[2])}
