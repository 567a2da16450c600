-- # points are added, and the new rank is told
-- > ZADD board 10 ada 20 eve 30 bob
-- ! 1 board ada 15
-- ! 1 board new 1
local score = redis.call("ZINCRBY", KEYS[1], ARGV[2], ARGV[1])
return {score, redis.call("ZREVRANK", KEYS[1], ARGV[1]) + 1, redis.call("ZCARD", KEYS[1])}
---
-- # only the best result of each counts
-- ! 1 best ada 50
-- ! 1 best ada 40
-- ! 1 best ada 60
local old = redis.call("ZSCORE", KEYS[1], ARGV[1])
if old and tonumber(old) >= tonumber(ARGV[2]) then return {0, old} end
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
return {1, redis.call("ZSCORE", KEYS[1], ARGV[1])}
---
-- # the neighbours of somebody
-- > ZADD b 1 a 2 b 3 c 4 d 5 e 6 f
-- ! 1 b c 1
-- ! 1 b a 2
-- ! 1 b nobody 2
local rank = redis.call("ZREVRANK", KEYS[1], ARGV[1])
if not rank then return nil end
local around = tonumber(ARGV[2])
return redis.call("ZREVRANGE", KEYS[1], math.max(0, rank - around), rank + around, "WITHSCORES")
---
-- # the same score is the same rank
-- > ZADD b 10 a 20 b 20 c 30 d 5 e
-- ! 1 b
local shown, rank, last = {}, 0, nil
local all = redis.call("ZREVRANGE", KEYS[1], 0, -1, "WITHSCORES")
for i = 1, #all, 2 do
  if all[i + 1] ~= last then rank = (i + 1) / 2 last = all[i + 1] end
  shown[#shown + 1] = rank .. "." .. all[i]
end
return shown
---
-- # a board of the ten best, the rest forgotten
-- > ZADD b 1 a 2 b 3 c
-- ! 1 b 3 5 d
-- ! 1 b 3 0 e
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[3])
local removed = redis.call("ZREMRANGEBYRANK", KEYS[1], 0, -ARGV[1] - 1)
return {removed, redis.call("ZRANGE", KEYS[1], 0, -1)}
---
-- # earlier wins among equals: the time is the fraction
-- ! 1 b ada 10 100
-- ! 1 b eve 10 50
-- ! 1 b bob 11 200
local score = tonumber(ARGV[2]) + 1 - tonumber(ARGV[3]) / 1000
redis.call("ZADD", KEYS[1], score, ARGV[1])
return redis.call("ZREVRANGE", KEYS[1], 0, -1)
---
-- # boards of weeks become one of a month
-- > ZADD w1 1 a 5 b
-- > ZADD w2 4 a 2 c
-- ! 3 month w1 w2
local weights = {}
for i = 2, #KEYS do weights[#weights + 1] = i - 1 end
local args = {KEYS[1], #KEYS - 1}
for i = 2, #KEYS do args[#args + 1] = KEYS[i] end
args[#args + 1] = "WEIGHTS"
for _, w in ipairs(weights) do args[#args + 1] = w end
redis.call("ZUNIONSTORE", unpack(args))
return redis.call("ZRANGE", KEYS[1], 0, -1, "WITHSCORES")
---
-- # scores decay
-- > ZADD hot 100 a 50 b 3 c
-- ! 1 hot 0.5 2
local out = {}
local all = redis.call("ZRANGE", KEYS[1], 0, -1, "WITHSCORES")
for i = 1, #all, 2 do
  local score = math.floor(all[i + 1] * ARGV[1])
  if score < tonumber(ARGV[2]) then redis.call("ZREM", KEYS[1], all[i])
  else redis.call("ZADD", KEYS[1], score, all[i]) out[#out + 1] = all[i] .. "=" .. score end
end
return out
---
-- # Elo: two scores after a game
-- > HSET elo ada 1600 eve 1400
-- ! 1 elo ada eve 32
-- ! 1 elo eve ada 32
-- ! 1 elo eve new 32
local function rating(name) return tonumber(redis.call("HGET", KEYS[1], name) or 1500) end
local winner, loser, k = rating(ARGV[1]), rating(ARGV[2]), tonumber(ARGV[3])
local expected = 1 / (1 + 10 ^ ((loser - winner) / 400))
local change = math.floor(k * (1 - expected) + 0.5)
redis.call("HSET", KEYS[1], ARGV[1], winner + change, ARGV[2], loser - change)
return {winner + change, loser - change}
---
-- # votes: one each, and a change of mind
-- ! 2 votes tally ada up
-- ! 2 votes tally eve down
-- ! 2 votes tally ada down
-- ! 2 votes tally ada down
local before = redis.call("HGET", KEYS[1], ARGV[1])
if before == ARGV[2] then return redis.call("HGETALL", KEYS[2]) end
if before then redis.call("HINCRBY", KEYS[2], before, -1) end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("HINCRBY", KEYS[2], ARGV[2], 1)
return redis.call("HGETALL", KEYS[2])
---
-- # hot posts: votes and age as one number
-- ! 1 hot p1 100 50000
-- ! 1 hot p2 3 90000
-- ! 1 hot p3 -5 95000
local s, seconds = tonumber(ARGV[2]), tonumber(ARGV[3])
local order = math.log10(math.max(math.abs(s), 1))
local sign = s > 0 and 1 or (s < 0 and -1 or 0)
local hot = math.floor((sign * order + seconds / 45000) * 1e4 + 0.5) / 1e4
redis.call("ZADD", KEYS[1], hot, ARGV[1])
return redis.call("ZREVRANGE", KEYS[1], 0, -1, "WITHSCORES")
---
-- # percentile of a score
-- > ZADD b 1 a 2 b 3 c 4 d
-- ! 1 b 3
-- ! 1 b 0
-- ! 1 empty 1
local n = redis.call("ZCARD", KEYS[1])
if n == 0 then return "none" end
local below = redis.call("ZCOUNT", KEYS[1], "-inf", "(" .. ARGV[1])
return string.format("%.1f", below * 100 / n)
---
-- # achievements by thresholds
-- > HSET p kills 9 wins 4
-- ! 2 p done kills 1
-- ! 2 p done kills 1
-- ! 2 p done wins 1
local rules = {kills = {10, "hunter"}, wins = {5, "champion"}}
local n = redis.call("HINCRBY", KEYS[1], ARGV[1], ARGV[2])
local rule = rules[ARGV[1]]
if rule and n >= rule[1] and redis.call("SADD", KEYS[2], rule[2]) == 1 then return "got " .. rule[2] end
return n
---
-- # levels from points
-- ! 1 xp ada 90
-- ! 1 xp ada 200
-- ! 1 xp ada 5000
local xp = redis.call("HINCRBY", KEYS[1], ARGV[1], ARGV[2])
local level, need = 1, 100
while xp >= need do level = level + 1 need = need + level * 100 end
return {level, need - xp}
---
-- # matchmaking: the nearest who waits
-- > ZADD wait 1000 a 1100 b 1500 c
-- ! 1 wait x 1080 50
-- ! 1 wait y 1400 50
-- ! 1 wait z 1420 50
local low, high = ARGV[2] - ARGV[3], ARGV[2] + ARGV[3]
local near, best = redis.call("ZRANGEBYSCORE", KEYS[1], low, high, "WITHSCORES"), nil
for i = 1, #near, 2 do
  local distance = math.abs(near[i + 1] - ARGV[2])
  if not best or distance < best[2] then best = {near[i], distance} end
end
if best then redis.call("ZREM", KEYS[1], best[1]) return best end
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
return "waits"
