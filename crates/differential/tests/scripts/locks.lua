-- # release a lock of one's own
-- > SET lock token1
-- ! 1 lock other
-- ! 1 lock token1
-- ! 1 lock token1
if redis.call("get", KEYS[1]) == ARGV[1] then
  return redis.call("del", KEYS[1])
else
  return 0
end
---
-- # extend a lock of one's own
-- > SET lock token1 PX 100000
-- ! 1 lock other 500000
-- ! 1 lock token1 500000
local token = redis.call("get", KEYS[1])
if not token or token ~= ARGV[1] then return 0 end
local left = redis.call("pttl", KEYS[1])
if left < 0 then left = 0 end
redis.call("pexpire", KEYS[1], ARGV[2])
return left > 0 and 1 or 0
---
-- # lock many resources or none
-- > SET b other
-- ! 3 a b c me 10000
-- > DEL b
-- ! 3 a b c me 10000
-- ! 1 c you 10000
for _, key in ipairs(KEYS) do
  if redis.call("exists", key) == 1 then return 0 end
end
for _, key in ipairs(KEYS) do
  redis.call("set", key, ARGV[1], "PX", ARGV[2])
end
return #KEYS
---
-- # a lock that its owner may take again
-- ! 1 lock ada 10000
-- ! 1 lock ada 10000
-- ! 1 lock eve 10000
local owner = redis.call("HGET", KEYS[1], "owner")
if owner and owner ~= ARGV[1] then return redis.call("PTTL", KEYS[1]) > 0 and -1 or -2 end
redis.call("HSET", KEYS[1], "owner", ARGV[1])
redis.call("PEXPIRE", KEYS[1], ARGV[2])
return redis.call("HINCRBY", KEYS[1], "count", 1)
---
-- # the last release of a lock that was taken twice tells who waits
-- > HSET lock owner ada count 2
-- ! 2 lock wakeup ada
-- ! 2 lock wakeup eve
-- ! 2 lock wakeup ada
if redis.call("hget", KEYS[1], "owner") ~= ARGV[1] then return nil end
if redis.call("hincrby", KEYS[1], "count", -1) > 0 then return 0 end
redis.call("del", KEYS[1])
redis.call("publish", KEYS[2], "free")
return 1
---
-- # a lock with a fencing token
-- ! 2 lock fence ada 30
-- ! 2 lock fence eve 30
-- > DEL lock
-- ! 2 lock fence eve 30
if redis.call("SET", KEYS[1], ARGV[1], "NX", "EX", ARGV[2]) then
  return {1, redis.call("INCR", KEYS[2])}
end
return {0, redis.call("GET", KEYS[1])}
---
-- # a write that an old fencing token is refused
-- ! 2 doc doc:fence 5 new
-- ! 2 doc doc:fence 4 old
-- ! 2 doc doc:fence 5 again
-- ! 2 doc doc:fence 9 newer
local seen = tonumber(redis.call("GET", KEYS[2]) or -1)
local token = tonumber(ARGV[1])
if token < seen then return redis.status_reply("STALE") end
redis.call("SET", KEYS[2], token)
redis.call("SET", KEYS[1], ARGV[2])
return redis.status_reply("OK")
---
-- # readers together, a writer alone
-- ! 1 rw read ada
-- ! 1 rw read eve
-- ! 1 rw write bob
-- ! 1 rw unread ada
-- ! 1 rw unread eve
-- ! 1 rw write bob
-- ! 1 rw read ada
-- ! 1 rw unwrite bob
-- ! 1 rw read ada
local what, who = ARGV[1], ARGV[2]
local writer = redis.call("HGET", KEYS[1], "writer")
if what == "read" then
  if writer then return 0 end
  redis.call("HINCRBY", KEYS[1], "reader:" .. who, 1)
  return 1
elseif what == "unread" then
  if redis.call("HINCRBY", KEYS[1], "reader:" .. who, -1) <= 0 then redis.call("HDEL", KEYS[1], "reader:" .. who) end
  return 1
elseif what == "write" then
  if redis.call("HLEN", KEYS[1]) > 0 then return 0 end
  return redis.call("HSET", KEYS[1], "writer", who)
end
if writer == who then return redis.call("HDEL", KEYS[1], "writer") end
return 0
---
-- # a semaphore whose holders time out
-- ! 1 sem 2 100 10 a
-- ! 1 sem 2 105 10 b
-- ! 1 sem 2 106 10 c
-- ! 1 sem 2 111 10 c
redis.call("zremrangebyscore", KEYS[1], "-inf", ARGV[2] - ARGV[3])
if redis.call("zcard", KEYS[1]) < tonumber(ARGV[1]) then
  redis.call("zadd", KEYS[1], ARGV[2], ARGV[4])
  return 1
end
return 0
---
-- # a fair semaphore: who asked first is served first
-- ! 3 sem owners counter 1 100 a
-- ! 3 sem owners counter 1 101 b
-- ! 3 sem owners counter 2 102 c
local counter = redis.call("INCR", KEYS[3])
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[3])
redis.call("ZADD", KEYS[2], counter, ARGV[3])
if redis.call("ZRANK", KEYS[2], ARGV[3]) < tonumber(ARGV[1]) then return 1 end
redis.call("ZREM", KEYS[1], ARGV[3])
redis.call("ZREM", KEYS[2], ARGV[3])
return 0
---
-- # a leader is elected, and renews
-- ! 1 leader n1 5000
-- ! 1 leader n2 5000
-- ! 1 leader n1 9000
local current = redis.call("GET", KEYS[1])
if not current then
  redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
  return "elected"
end
if current == ARGV[1] then
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
  return "renewed"
end
return "follows " .. current
---
-- # a barrier opens when all have arrived
-- ! 1 barrier 3 a
-- ! 1 barrier 3 b
-- ! 1 barrier 3 b
-- ! 1 barrier 3 c
redis.call("SADD", KEYS[1], ARGV[2])
local n = redis.call("SCARD", KEYS[1])
if n == tonumber(ARGV[1]) then
  redis.call("RENAME", KEYS[1], KEYS[1] .. ":open")
  return "open"
end
return n
---
-- # compare and set
-- > SET k v1
-- ! 1 k v1 v2
-- ! 1 k v1 v3
-- ! 1 nokey v1 v2
local current = redis.call("GET", KEYS[1])
if current == ARGV[1] then
  redis.call("SET", KEYS[1], ARGV[2], "KEEPTTL")
  return 1
end
return current and 0 or -1
---
-- # compare and delete in a hash
-- > HSET h f v1 g v2
-- ! 1 h f other
-- ! 1 h f v1
-- ! 1 h g v2
local current = redis.call("HGET", KEYS[1], ARGV[1])
if current ~= ARGV[2] then return {0, current} end
redis.call("HDEL", KEYS[1], ARGV[1])
return {1, redis.call("EXISTS", KEYS[1])}
---
-- # optimistic update by a version
-- > HSET doc version 3 body old
-- ! 1 doc 2 lost
-- ! 1 doc 3 new
-- ! 1 doc 4 newer
local version = tonumber(redis.call("HGET", KEYS[1], "version"))
if version ~= tonumber(ARGV[1]) then return {0, version} end
redis.call("HSET", KEYS[1], "version", version + 1, "body", ARGV[2])
return {1, version + 1}
---
-- # set if greater
-- ! 1 max 5
-- ! 1 max 3
-- ! 1 max 7.5
-- ! 1 max 10
-- !! 1 max abc
local new = tonumber(ARGV[1])
if not new then return redis.error_reply("ERR not a number") end
local old = tonumber(redis.call("GET", KEYS[1]))
if old == nil or new > old then
  redis.call("SET", KEYS[1], ARGV[1])
  return 1
end
return 0
---
-- # get and delete, as it was before there was a command
-- > SET once secret
-- ! 1 once
-- ! 1 once
local v = redis.call("GET", KEYS[1])
redis.call("DEL", KEYS[1])
return v
---
-- # rename only over what is expected
-- > MSET a 1 b 2
-- ! 2 a b 9
-- ! 2 a b 2
if redis.call("GET", KEYS[2]) ~= ARGV[1] then return redis.status_reply("KEPT") end
return redis.call("RENAME", KEYS[1], KEYS[2])
---
-- # a two-phase commit of two accounts
-- > HSET acc ada 50 eve 10
-- ! 2 acc tx prepare t1 ada eve 30
-- ! 2 acc tx prepare t2 ada eve 30
-- ! 2 acc tx commit t1
-- ! 2 acc tx commit t1
-- ! 2 acc tx prepare t3 ada eve 20
-- ! 2 acc tx abort t3
local what, id = ARGV[1], ARGV[2]
if what == "prepare" then
  local from, to, amount = ARGV[3], ARGV[4], tonumber(ARGV[5])
  if tonumber(redis.call("HGET", KEYS[1], from)) < amount then return "poor" end
  redis.call("HINCRBY", KEYS[1], from, -amount)
  redis.call("HSET", KEYS[2], id, cmsgpack.pack({from, to, amount}))
  return "prepared"
end
local packed = redis.call("HGET", KEYS[2], id)
if not packed then return "unknown" end
local tx = cmsgpack.unpack(packed)
redis.call("HDEL", KEYS[2], id)
redis.call("HINCRBY", KEYS[1], what == "commit" and tx[2] or tx[1], tx[3])
return what
