-- # the shortest way, breadth first
-- > SADD n:a b c
-- > SADD n:b d
-- > SADD n:c d e
-- > SADD n:d f
-- ! 0 a f
-- ! 0 f a
local from, to = ARGV[1], ARGV[2]
local came, queue, first = {[from] = false}, {from}, 1
while queue[first] do
  local here = queue[first]
  first = first + 1
  if here == to then
    local path = {}
    while here do table.insert(path, 1, here) here = came[here] end
    return path
  end
  local next_ = redis.call("SMEMBERS", "n:" .. here)
  table.sort(next_)
  for _, n in ipairs(next_) do if came[n] == nil then came[n] = here queue[#queue + 1] = n end end
end
return false
---
-- # the cheapest way, by Dijkstra
-- > HSET r:a b 7 c 3
-- > HSET r:c b 1 d 8
-- > HSET r:b d 2
-- ! 0 a
local dist, done = {[ARGV[1]] = 0}, {}
while true do
  local here
  for n, d in pairs(dist) do if not done[n] and (not here or d < dist[here]) then here = n end end
  if not here then break end
  done[here] = true
  local roads = redis.call("HGETALL", "r:" .. here)
  for i = 1, #roads, 2 do
    local d = dist[here] + roads[i + 1]
    if not dist[roads[i]] or d < dist[roads[i]] then dist[roads[i]] = d end
  end
end
local out = {}
for n, d in pairs(dist) do out[#out + 1] = n .. "=" .. d end
table.sort(out)
return out
---
-- # tasks in the order of what they need
-- > SADD needs:app lib db
-- > SADD needs:lib core
-- > SADD needs:db core
-- ! 0 app
-- > SADD needs:core app
-- !! 0 app
local order, state = {}, {}
local function visit(n)
  if state[n] == "done" then return end
  if state[n] then error("cycle at " .. n) end
  state[n] = "open"
  local needs = redis.call("SMEMBERS", "needs:" .. n)
  table.sort(needs)
  for _, m in ipairs(needs) do visit(m) end
  state[n] = "done"
  order[#order + 1] = n
end
visit(ARGV[1])
return order
---
-- # a tree of comments
-- > RPUSH c:root 1 2
-- > RPUSH c:1 3 4
-- > RPUSH c:4 5
-- ! 0 root
local lines = {}
local function walk(id, depth)
  for _, child in ipairs(redis.call("LRANGE", "c:" .. id, 0, -1)) do
    lines[#lines + 1] = ("-"):rep(depth) .. child
    walk(child, depth + 1)
  end
end
walk(ARGV[1], 0)
return lines
---
-- # all folders above one
-- > HSET parent c b b a a root
-- ! 1 parent c
-- ! 1 parent root
local path, here = {}, ARGV[1]
while here do
  table.insert(path, 1, here)
  here = redis.call("HGET", KEYS[1], here)
end
return table.concat(path, "/")
---
-- # components by union and find
-- ! 1 uf a b
-- ! 1 uf c d
-- ! 1 uf b c
-- ! 1 uf a d
local function root(n)
  local up = redis.call("HGET", KEYS[1], n)
  if not up or up == n then return n end
  local r = root(up)
  redis.call("HSET", KEYS[1], n, r)
  return r
end
local a, b = root(ARGV[1]), root(ARGV[2])
if a == b then return "same" end
if b < a then a, b = b, a end
redis.call("HSET", KEYS[1], b, a)
return a
---
-- # meetings that do not overlap
-- ! 1 cal 10 20 m1
-- ! 1 cal 15 25 m2
-- ! 1 cal 20 25 m3
-- ! 1 cal 5 10 m4
local from, to = tonumber(ARGV[1]), tonumber(ARGV[2])
for _, m in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", "(" .. to)) do
  local s, e, name = m:match("^(%d+)-(%d+):(.*)$")
  if tonumber(e) > from then return name end
end
redis.call("ZADD", KEYS[1], from, from .. "-" .. to .. ":" .. ARGV[3])
return 1
---
-- # cron: what is due, and when again
-- > HSET every a 60 b 3600
-- > ZADD next 100 a 200 b
-- ! 2 next every 150
-- ! 2 next every 400
-- ! 2 next every 400
local due = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[1])
for _, job in ipairs(due) do
  local every, at = tonumber(redis.call("HGET", KEYS[2], job)), tonumber(redis.call("ZSCORE", KEYS[1], job))
  local missed = math.floor((ARGV[1] - at) / every)
  redis.call("ZADD", KEYS[1], at + (missed + 1) * every, job)
end
return {due, redis.call("ZRANGE", KEYS[1], 0, -1, "WITHSCORES")}
---
-- # noughts and crosses
-- ! 1 g x 1
-- ! 1 g o 5
-- ! 1 g x 5
-- ! 1 g x 2
-- ! 1 g o 9
-- ! 1 g x 3
local board = redis.call("GET", KEYS[1]) or "........."
local at = tonumber(ARGV[2])
if board:sub(at, at) ~= "." then return "taken" end
board = board:sub(1, at - 1) .. ARGV[1] .. board:sub(at + 1)
redis.call("SET", KEYS[1], board)
for _, l in ipairs({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {1, 4, 7}, {2, 5, 8}, {3, 6, 9}, {1, 5, 9}, {3, 5, 7}}) do
  local a, b, c = board:sub(l[1], l[1]), board:sub(l[2], l[2]), board:sub(l[3], l[3])
  if a ~= "." and a == b and b == c then return a .. " wins" end
end
return board
---
-- # a deck is shuffled with a seed, and dealt
-- ! 1 deck 7
local deck, seed = {}, tonumber(ARGV[1])
for i = 1, 8 do deck[i] = i end
for i = #deck, 2, -1 do
  seed = (seed * 16807) % 2147483647
  local j = seed % i + 1
  deck[i], deck[j] = deck[j], deck[i]
end
redis.call("RPUSH", KEYS[1], unpack(deck))
return redis.call("LRANGE", KEYS[1], 0, -1)
---
-- # shards by consistent hashing
-- > ZADD ring 100 n1 40000 n2 50000 n3
-- ! 1 ring key1
-- ! 1 ring key2
-- ! 1 ring other
local h = tonumber(redis.sha1hex(ARGV[1]):sub(1, 4), 16)
local node = redis.call("ZRANGEBYSCORE", KEYS[1], h, "+inf", "LIMIT", 0, 1)[1]
return node or redis.call("ZRANGE", KEYS[1], 0, 0)[1]
---
-- # a state machine that refuses what is not foreseen
-- > SET order new
-- ! 1 order pay
-- !! 1 order pay
-- ! 1 order ship
-- ! 1 order refund
local allowed = {new = {pay = "paid", cancel = "gone"}, paid = {ship = "sent", refund = "refunded"}, sent = {refund = "refunded"}}
local state = redis.call("GET", KEYS[1])
local new = (allowed[state] or {})[ARGV[1]]
if not new then return redis.error_reply(("STATE %s cannot %s"):format(state, ARGV[1])) end
redis.call("SET", KEYS[1], new)
redis.call("RPUSH", KEYS[1] .. ":history", state .. ">" .. new)
return {new, redis.call("LLEN", KEYS[1] .. ":history")}
---
-- # an object with methods
-- ! 1 acc 100 30 50
-- !! 1 acc 10 30
local Account = {}
Account.__index = Account
function Account.open(key, n) redis.call("SET", key, n) return setmetatable({key = key}, Account) end
function Account:take(n)
  local left = redis.call("DECRBY", self.key, n)
  if left < 0 then redis.call("INCRBY", self.key, n) error({err = "POOR " .. self.key}) end
  return left
end
local a, out = Account.open(KEYS[1], ARGV[1]), {}
for i = 2, #ARGV do out[#out + 1] = a:take(ARGV[i]) end
return out
---
-- # a generator by a coroutine
-- ! 1 primes 30
local function primes(n)
  return coroutine.wrap(function()
    local sieve = {}
    for i = 2, n do
      if not sieve[i] then coroutine.yield(i) for j = i * i, n, i do sieve[j] = true end end
    end
  end)
end
for p in primes(tonumber(ARGV[1])) do redis.call("RPUSH", KEYS[1], p) end
return redis.call("LRANGE", KEYS[1], 0, -1)
---
-- # results are remembered
-- ! 1 fib 30
-- ! 1 fib 40
local function fib(n)
  if n < 2 then return n end
  local known = redis.call("HGET", KEYS[1], n)
  if known then return tonumber(known) end
  local v = fib(n - 1) + fib(n - 2)
  redis.call("HSET", KEYS[1], n, string.format("%.0f", v))
  return v
end
return fib(tonumber(ARGV[1]))
---
-- # errors of one command do not stop the others
-- > SET s text
-- > RPUSH l a
-- ! 3 s l n
local out = {}
for i, key in ipairs(KEYS) do
  local r = redis.pcall("INCR", key)
  out[i] = type(r) == "table" and r.err or r
end
return out
---
-- # an error in the middle leaves what was done
-- > RPUSH l a
-- !! 2 k l
redis.call("SET", KEYS[1], "done")
redis.call("INCR", KEYS[2])
redis.call("SET", KEYS[1], "never")
