-- # stock is taken only if there is enough
-- > SET stock 5
-- ! 1 stock 3
-- ! 1 stock 3
-- ! 1 nostock 1
local stock = tonumber(redis.call("GET", KEYS[1]))
if not stock then return -2 end
if stock < tonumber(ARGV[1]) then return -1 end
return redis.call("DECRBY", KEYS[1], ARGV[1])
---
-- # a cart of several goods: all or nothing
-- > HSET stock apple 3 pear 1
-- ! 1 stock apple 2 pear 1
-- ! 1 stock apple 1 pear 1
-- ! 1 stock apple 1
for i = 1, #ARGV, 2 do
  if tonumber(redis.call("HGET", KEYS[1], ARGV[i]) or 0) < tonumber(ARGV[i + 1]) then return {0, ARGV[i]} end
end
for i = 1, #ARGV, 2 do redis.call("HINCRBY", KEYS[1], ARGV[i], -ARGV[i + 1]) end
return {1}
---
-- # a flash sale: one for each customer
-- > SET left 2
-- ! 3 left buyers orders ada
-- ! 3 left buyers orders ada
-- ! 3 left buyers orders eve
-- ! 3 left buyers orders bob
if redis.call("SISMEMBER", KEYS[2], ARGV[1]) == 1 then return "again" end
if tonumber(redis.call("GET", KEYS[1])) <= 0 then return "sold out" end
redis.call("DECR", KEYS[1])
redis.call("SADD", KEYS[2], ARGV[1])
redis.call("RPUSH", KEYS[3], ARGV[1])
return "bought"
---
-- # a reservation that expires gives its goods back
-- > SET stock 2
-- ! 2 stock held 100 10 r1
-- ! 2 stock held 105 10 r2
-- ! 2 stock held 106 10 r3
-- ! 2 stock held 112 10 r3
local now = tonumber(ARGV[1])
for _, id in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", now)) do
  redis.call("ZREM", KEYS[2], id)
  redis.call("INCR", KEYS[1])
end
if tonumber(redis.call("GET", KEYS[1])) == 0 then return 0 end
redis.call("DECR", KEYS[1])
redis.call("ZADD", KEYS[2], now + ARGV[2], ARGV[3])
return 1
---
-- # a transfer between accounts
-- > MSET acc:a 100 acc:b 20
-- ! 2 acc:a acc:b 70
-- !! 2 acc:a acc:b 70
-- !! 2 acc:a acc:a 1
-- !! 2 acc:a acc:b -5
local amount = tonumber(ARGV[1])
if KEYS[1] == KEYS[2] then return redis.error_reply("SAME account") end
if amount <= 0 then return redis.error_reply("AMOUNT must be positive") end
local balance = tonumber(redis.call("GET", KEYS[1]) or "0")
if balance < amount then return redis.error_reply("FUNDS " .. balance .. " < " .. amount) end
redis.call("DECRBY", KEYS[1], amount)
redis.call("INCRBY", KEYS[2], amount)
return redis.call("MGET", KEYS[1], KEYS[2])
---
-- # money in cents, with a fee that is rounded
-- > SET a 10000
-- ! 3 a b fees 3333
-- ! 3 a b fees 1
local amount = tonumber(ARGV[1])
local fee = math.floor(amount * 0.029 + 0.5) + 30
if tonumber(redis.call("GET", KEYS[1])) < amount + fee then return false end
redis.call("DECRBY", KEYS[1], amount + fee)
redis.call("INCRBY", KEYS[2], amount)
redis.call("INCRBY", KEYS[3], fee)
return {fee, redis.call("GET", KEYS[1])}
---
-- # a ledger of double entries, whose sum is zero
-- ! 1 ledger 1 cash -50 rent 50
-- ! 1 ledger 2 cash 20 sales -20
-- !! 1 ledger 3 cash 20 sales -10
local sum = 0
for i = 3, #ARGV, 2 do sum = sum + tonumber(ARGV[i]) end
if sum ~= 0 then return redis.error_reply("UNBALANCED by " .. sum) end
for i = 2, #ARGV, 2 do redis.call("HINCRBY", KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call("RPUSH", KEYS[1] .. ":log", cjson.encode(ARGV))
return redis.call("HGETALL", KEYS[1])
---
-- # an idempotent payment by its key
-- > SET bal 100
-- ! 2 idem:1 bal 30
-- ! 2 idem:1 bal 30
-- ! 2 idem:2 bal 100
-- ! 2 idem:2 bal 100
local done = redis.call("GET", KEYS[1])
if done then return {"again", done} end
local balance = tonumber(redis.call("GET", KEYS[2]))
local result = "declined"
if balance >= tonumber(ARGV[1]) then result = "paid:" .. redis.call("DECRBY", KEYS[2], ARGV[1]) end
redis.call("SET", KEYS[1], result, "EX", 86400)
return {"first", result}
---
-- # coupons are used once, and while they last
-- > SADD coupons X1 X2
-- ! 2 coupons used X1 ada
-- ! 2 coupons used X1 eve
-- ! 2 coupons used Z9 eve
if redis.call("SREM", KEYS[1], ARGV[1]) == 1 then
  redis.call("HSET", KEYS[2], ARGV[1], ARGV[2])
  return redis.status_reply("OK")
end
local by = redis.call("HGET", KEYS[2], ARGV[1])
return by and "used by " .. by or "unknown"
---
-- # an auction: only higher bids, and by a step
-- > HSET item price 100 step 10 bidder ada
-- ! 1 item eve 105
-- ! 1 item eve 110
-- ! 1 item eve 130
-- ! 1 item bob 140
local item = redis.call("HMGET", KEYS[1], "price", "step", "bidder")
local price, step, bidder = tonumber(item[1]), tonumber(item[2]), item[3]
if bidder == ARGV[1] then return "leads already" end
if tonumber(ARGV[2]) < price + step then return {"too low", price + step} end
redis.call("HSET", KEYS[1], "price", ARGV[2], "bidder", ARGV[1])
return {"leads", bidder}
---
-- # seats next to each other
-- > SETBIT seats 2 1
-- ! 1 seats 8 3
-- ! 1 seats 8 2
-- ! 1 seats 8 3
local total, wanted = tonumber(ARGV[1]), tonumber(ARGV[2])
local run = 0
for seat = 0, total - 1 do
  if redis.call("GETBIT", KEYS[1], seat) == 0 then run = run + 1 else run = 0 end
  if run == wanted then
    for s = seat - wanted + 1, seat do redis.call("SETBIT", KEYS[1], s, 1) end
    return {seat - wanted + 1, seat}
  end
end
return false
---
-- # an order book: what meets is traded
-- > ZADD sell 101 s1:5 102 s2:5
-- ! 2 sell trades 101 3
-- ! 2 sell trades 103 9
-- ! 2 sell trades 200 1
local price, wanted, paid = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
while wanted > 0 do
  local best = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
  if #best == 0 or tonumber(best[2]) > price then break end
  local id, n = best[1]:match("^(%w+):(%d+)$")
  local take = math.min(wanted, tonumber(n))
  redis.call("ZREM", KEYS[1], best[1])
  if n - take > 0 then redis.call("ZADD", KEYS[1], best[2], id .. ":" .. (n - take)) end
  redis.call("RPUSH", KEYS[2], id .. "x" .. take .. "@" .. best[2])
  wanted = wanted - take
  paid = paid + take * best[2]
end
return {wanted, paid}
---
-- # a basket with prices and a discount, as text
-- > HSET prices apple 1.20 pear 0.85
-- ! 1 prices apple 3 pear 2
-- !! 1 prices apple 3 kiwi 2
local total = 0
for i = 1, #ARGV, 2 do
  local price = redis.call("HGET", KEYS[1], ARGV[i])
  if not price then return redis.error_reply("NOPRICE " .. ARGV[i]) end
  total = total + price * ARGV[i + 1]
end
if total > 5 then total = total * 0.9 end
return string.format("%.2f", total)
---
-- # vouchers with a checksum
-- ! 0 7992739871
-- ! 0 79927398713
-- ! 0 79927398710
local digits, sum = ARGV[1], 0
for i = 1, #digits do
  local d = tonumber(digits:sub(-i, -i))
  if i % 2 == 0 then d = d * 2 if d > 9 then d = d - 9 end end
  sum = sum + d
end
return sum % 10 == 0
---
-- # loyalty points that expire by year, oldest first
-- > HSET pts 2021 10 2022 20 2023 5
-- ! 1 pts 15
-- ! 1 pts 50
-- ! 1 pts 20
local years = redis.call("HKEYS", KEYS[1])
table.sort(years)
local total = 0
for _, y in ipairs(years) do total = total + redis.call("HGET", KEYS[1], y) end
local need = tonumber(ARGV[1])
if total < need then return {0, total} end
for _, y in ipairs(years) do
  local have = tonumber(redis.call("HGET", KEYS[1], y))
  local use = math.min(have, need)
  need = need - use
  if use == have then redis.call("HDEL", KEYS[1], y) else redis.call("HINCRBY", KEYS[1], y, -use) end
  if need == 0 then break end
end
return {1, total - ARGV[1]}
