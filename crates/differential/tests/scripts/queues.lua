-- # reserve: from pending to what is in work, with a deadline
-- > RPUSH q a b c
-- ! 2 q work 100 30
-- ! 2 q work 101 30
-- ! 2 noq work 102 30
local job = redis.call("LPOP", KEYS[1])
if job then redis.call("ZADD", KEYS[2], ARGV[1] + ARGV[2], job) end
return job
---
-- # what was not acknowledged in time goes back
-- > ZADD work 130 a 131 b 200 c
-- > RPUSH q d
-- ! 2 q work 150
-- ! 2 q work 150
local late = redis.call("zrangebyscore", KEYS[2], "-inf", ARGV[1])
for _, job in ipairs(late) do
  redis.call("zrem", KEYS[2], job)
  redis.call("lpush", KEYS[1], job)
end
return late
---
-- # migrate what is due, in chunks
-- > ZADD delayed 1 a 2 b 3 c 4 d 99 z
-- ! 2 delayed q 50
local due = redis.call("zrangebyscore", KEYS[1], "-inf", ARGV[1])
if next(due) ~= nil then
  redis.call("zremrangebyrank", KEYS[1], 0, #due - 1)
  for i = 1, #due, 2 do
    redis.call("rpush", KEYS[2], unpack(due, i, math.min(i + 1, #due)))
  end
end
return due
---
-- # a priority queue of lists
-- > RPUSH q:low l1 l2
-- > RPUSH q:high h1
-- ! 3 q:high q:normal q:low
-- ! 3 q:high q:normal q:low
-- ! 3 q:high q:normal q:low
-- ! 3 q:high q:normal q:low
for _, queue in ipairs(KEYS) do
  local job = redis.call("LPOP", queue)
  if job then return {queue, job} end
end
return false
---
-- # a priority queue in a sorted set: within a priority, in order
-- ! 2 pq seq add 5 a
-- ! 2 pq seq add 1 b
-- ! 2 pq seq add 5 c
-- ! 2 pq seq pop
-- ! 2 pq seq pop
-- ! 2 pq seq pop
-- ! 2 pq seq pop
if ARGV[1] == "add" then
  local n = redis.call("INCR", KEYS[2])
  return redis.call("ZADD", KEYS[1], ARGV[2] * 2 ^ 32 + n, ARGV[3])
end
local got = redis.call("ZPOPMIN", KEYS[1])
if #got == 0 then return nil end
return {got[1], math.floor(got[2] / 2 ^ 32)}
---
-- # a unique queue: what waits is not added again
-- ! 2 q q:ids 1 payload
-- ! 2 q q:ids 1 payload
-- ! 2 q q:ids 2 payload
if redis.call("SADD", KEYS[2], ARGV[1]) == 0 then return 0 end
return redis.call("RPUSH", KEYS[1], cjson.encode({id = ARGV[1], body = ARGV[2]}))
---
-- # take from a unique queue
-- > RPUSH q 1 2 3
-- > SADD q:ids 1 2 3
-- ! 2 q q:ids 2
-- ! 2 q q:ids 2
-- ! 2 q q:ids 2
local jobs = {}
for _ = 1, tonumber(ARGV[1]) do
  local id = redis.call("LPOP", KEYS[1])
  if not id then break end
  redis.call("SREM", KEYS[2], id)
  jobs[#jobs + 1] = id
end
return jobs
---
-- # fail, and try again later with backoff, or give up
-- > HSET job:1 attempts 0 max 3
-- > ZADD active 1 1
-- ! 3 active delayed dead 1 1000
-- > ZADD active 1 1
-- ! 3 active delayed dead 1 2000
-- > ZADD active 1 1
-- ! 3 active delayed dead 1 3000
local id, now = ARGV[1], tonumber(ARGV[2])
if redis.call("ZREM", KEYS[1], id) == 0 then return "not active" end
local key = "job:" .. id
local attempts = redis.call("HINCRBY", key, "attempts", 1)
if attempts >= tonumber(redis.call("HGET", key, "max")) then
  redis.call("LPUSH", KEYS[3], id)
  redis.call("ZREM", KEYS[2], id)
  return "dead"
end
local at = now + 1000 * 2 ^ attempts
redis.call("ZADD", KEYS[2], at, id)
return {"retry", at}
---
-- # move the whole of one list behind another
-- > RPUSH a 1 2 3
-- > RPUSH b x
-- ! 2 a b
-- ! 2 a b
local items = redis.call("LRANGE", KEYS[1], 0, -1)
if #items > 0 then
  redis.call("RPUSH", KEYS[2], unpack(items))
  redis.call("DEL", KEYS[1])
end
return #items
---
-- # pop many, as it was before there was a count
-- > RPUSH q a b c d e
-- ! 1 q 3
-- ! 1 q 3
-- ! 1 q 3
local items = redis.call("lrange", KEYS[1], 0, ARGV[1] - 1)
redis.call("ltrim", KEYS[1], ARGV[1], -1)
return items
---
-- # a ring of fixed size
-- ! 1 ring 3 a
-- ! 1 ring 3 b
-- ! 1 ring 3 c
-- ! 1 ring 3 d
redis.call("LPUSH", KEYS[1], ARGV[2])
redis.call("LTRIM", KEYS[1], 0, ARGV[1] - 1)
return redis.call("LRANGE", KEYS[1], 0, -1)
---
-- # round robin over workers
-- > RPUSH workers w1 w2 w3
-- ! 1 workers
-- ! 1 workers
-- ! 1 workers
-- ! 1 workers
return redis.call("RPOPLPUSH", KEYS[1], KEYS[1])
---
-- # least loaded worker
-- > ZADD load 3 w1 1 w2 2 w3
-- ! 1 load job1
-- ! 1 load job2
-- ! 1 load job3
local worker = redis.call("ZRANGE", KEYS[1], 0, 0)[1]
redis.call("ZINCRBY", KEYS[1], 1, worker)
redis.call("RPUSH", "jobs:" .. worker, ARGV[1])
return worker
---
-- # groups run in order, one job of each at a time
-- > RPUSH g:a a1 a2
-- > RPUSH g:b b1
-- ! 1 busy a b
-- ! 1 busy a b
-- ! 1 busy a b
-- > SREM busy a
-- ! 1 busy a b
for _, group in ipairs(ARGV) do
  if redis.call("SISMEMBER", KEYS[1], group) == 0 then
    local job = redis.call("LPOP", "g:" .. group)
    if job then redis.call("SADD", KEYS[1], group) return {group, job} end
  end
end
return {}
---
-- # children of a flow: the last one frees its parent
-- > SADD deps:p c1 c2
-- ! 2 deps:p q p c1 10
-- ! 2 deps:p q p c1 10
-- ! 2 deps:p q p c2 32
if redis.call("SREM", KEYS[1], ARGV[2]) == 0 then return -1 end
redis.call("HSET", "results:" .. ARGV[1], ARGV[2], ARGV[3])
if redis.call("SCARD", KEYS[1]) > 0 then return 0 end
redis.call("RPUSH", KEYS[2], ARGV[1])
return redis.call("HVALS", "results:" .. ARGV[1])
---
-- # a chord: the body is sent with all results
-- ! 1 chord 3 2 c
-- ! 1 chord 3 0 a
-- ! 1 chord 3 1 b
redis.call("zadd", KEYS[1], ARGV[2], cjson.encode({tonumber(ARGV[2]), ARGV[3]}))
redis.call("expire", KEYS[1], 86400)
if redis.call("zcard", KEYS[1]) < tonumber(ARGV[1]) then return redis.call("zcard", KEYS[1]) end
local results = {}
for i, encoded in ipairs(redis.call("zrange", KEYS[1], 0, -1)) do results[i] = cjson.decode(encoded)[2] end
redis.call("del", KEYS[1])
return table.concat(results, ",")
---
-- # pause and resume a queue
-- > RPUSH q a b
-- ! 2 q q:paused pause
-- ! 2 q q:paused pause
-- > RPUSH q:paused c
-- ! 2 q q:paused resume
local from, to = KEYS[1], KEYS[2]
if ARGV[1] == "resume" then from, to = to, from end
if redis.call("EXISTS", from) == 0 then return {0} end
redis.call("RENAME", from, to)
return {redis.call("LLEN", to), redis.call("EXISTS", from)}
---
-- # heartbeat, and who is gone
-- > ZADD hb 100 w1 150 w2
-- ! 1 hb w3 170 60
-- ! 1 hb w1 171 60
-- ! 1 hb w1 240 60
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
local gone = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", "(" .. ARGV[2] - ARGV[3])
if #gone > 0 then redis.call("ZREM", KEYS[1], unpack(gone)) end
return gone
---
-- # find a job by its id in a list of JSON, and remove it
-- > RPUSH q "{\"id\":1}" "{\"id\":2,\"x\":\"y\"}" "{\"id\":3}"
-- ! 1 q 2
-- ! 1 q 9
for index, item in ipairs(redis.call("LRANGE", KEYS[1], 0, -1)) do
  local job = cjson.decode(item)
  if job.id == tonumber(ARGV[1]) then
    redis.call("LREM", KEYS[1], 1, item)
    return {index, job.x or false, redis.call("LLEN", KEYS[1])}
  end
end
return nil
---
-- # counts of every state
-- > RPUSH s:wait a b
-- > SADD s:active c
-- > ZADD s:delayed 1 d 2 e 3 f
-- > SET s:other x
-- ! 4 s:wait s:active s:delayed s:none
-- ! 1 s:other
local counts = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call("TYPE", key).ok
  if kind == "list" then counts[i] = redis.call("LLEN", key)
  elseif kind == "set" then counts[i] = redis.call("SCARD", key)
  elseif kind == "zset" then counts[i] = redis.call("ZCARD", key)
  else counts[i] = kind end
end
return counts
---
-- # an outbox: the change and its message together
-- ! 2 users outbox 7 name Ada
-- ! 2 users outbox 7 name Ada
-- ! 2 users outbox 7 name Eve
local key = KEYS[1] .. ":" .. ARGV[1]
if redis.call("HGET", key, ARGV[2]) == ARGV[3] then return 0 end
redis.call("HSET", key, ARGV[2], ARGV[3])
return redis.call("RPUSH", KEYS[2], string.format("%s:%s=%s", ARGV[1], ARGV[2], ARGV[3]))
---
-- # a stream with ids of one's own, trimmed
-- ! 1 s 3 a 1
-- ! 1 s 3 b 2
-- ! 1 s 3 c 3
-- ! 1 s 3 d 4
local last = redis.call("XREVRANGE", KEYS[1], "+", "-", "COUNT", 1)
local n = 1
if #last > 0 then n = tonumber(string.match(last[1][1], "^(%d+)-")) + 1 end
local id = redis.call("XADD", KEYS[1], "MAXLEN", ARGV[1], n .. "-1", ARGV[2], ARGV[3])
return {id, redis.call("XLEN", KEYS[1])}
---
-- # read a stream and fold its fields
-- > XADD s 1-1 user ada n 5
-- > XADD s 2-1 user eve n 7
-- > XADD s 3-1 user ada n 1
-- ! 1 s ada
-- ! 1 s bob
local sum, seen = 0, 0
for _, entry in ipairs(redis.call("XRANGE", KEYS[1], "-", "+")) do
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  if fields.user == ARGV[1] then sum = sum + fields.n seen = seen + 1 end
end
return {sum, seen}
---
-- # a group's messages are claimed only if few wait
-- > XADD s 1-1 a 1
-- > XADD s 2-1 a 2
-- > XGROUP CREATE s g 0
-- ! 1 s g c1 1
-- ! 1 s g c2 1
-- ! 1 s g c2 2
local pending = redis.call("XPENDING", KEYS[1], ARGV[1])
if pending[1] >= tonumber(ARGV[3]) then return {"full", pending[1]} end
local got = redis.call("XREADGROUP", "GROUP", ARGV[1], ARGV[2], "COUNT", 1, "STREAMS", KEYS[1], ">")
return got and got[1][2][1][1]
---
-- # bulk add of jobs packed as MessagePack
-- > DEL q
-- ! 1 q "\x93\x81\xa2id\x01\x81\xa2id\x02\x82\xa2id\x03\xa5later\x05"
local jobs = cmsgpack.unpack(ARGV[1])
local added = 0
for _, job in ipairs(jobs) do
  if job.later then redis.call("ZADD", KEYS[1] .. ":delayed", job.later, job.id)
  else redis.call("RPUSH", KEYS[1], job.id) end
  added = added + 1
end
return added
