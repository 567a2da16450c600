-- # counters packed in one string by BITFIELD
-- ! 1 c 0 250
-- ! 1 c 0 10
-- ! 1 c 3 7
local r = redis.call("BITFIELD", KEYS[1], "OVERFLOW", "SAT", "INCRBY", "u8", "#" .. ARGV[1], ARGV[2])
return {r[1], redis.call("BITFIELD_RO", KEYS[1], "GET", "u8", "#0", "GET", "u8", "#3")}
---
-- # days in a row with a visit
-- > SETBIT v 1 1
-- > SETBIT v 2 1
-- > SETBIT v 4 1
-- > SETBIT v 5 1
-- > SETBIT v 6 1
-- ! 1 v 6
-- ! 1 v 2
-- ! 1 v 3
local streak, day = 0, tonumber(ARGV[1])
while day >= 0 and redis.call("GETBIT", KEYS[1], day) == 1 do streak = streak + 1 day = day - 1 end
return streak
---
-- # a Bloom filter of two hashes
-- ! 1 bloom add apple
-- ! 1 bloom has apple
-- ! 1 bloom has pear
local function hash(text, seed)
  local h = seed
  for i = 1, #text do h = (h * 31 + text:byte(i)) % 4096 end
  return h
end
local all = 1
for _, seed in ipairs({7, 131}) do
  local bit = hash(ARGV[2], seed)
  if ARGV[1] == "add" then redis.call("SETBIT", KEYS[1], bit, 1)
  else all = math.min(all, redis.call("GETBIT", KEYS[1], bit)) end
end
return all
---
-- # buckets by the digest of a name
-- ! 0 ada 16
-- ! 0 eve 16
-- ! 0 "" 16
return tonumber(redis.sha1hex(ARGV[1]):sub(1, 8), 16) % ARGV[2]
---
-- # permissions as bits
-- ! 1 perms ada grant 1 4
-- ! 1 perms ada has 4
-- ! 1 perms ada revoke 4
-- ! 1 perms ada has 4
local have = tonumber(redis.call("HGET", KEYS[1], ARGV[1]) or 0)
local mask = bit.bor(unpack((function() local t = {} for i = 3, #ARGV do t[#t + 1] = tonumber(ARGV[i]) end return t end)()))
if ARGV[2] == "grant" then have = bit.bor(have, mask)
elseif ARGV[2] == "revoke" then have = bit.band(have, bit.bnot(mask))
else return bit.band(have, mask) == mask and 1 or 0 end
redis.call("HSET", KEYS[1], ARGV[1], have)
return have
---
-- # FNV-1a in 32 bits
-- ! 0 ""
-- ! 0 hello
local h = bit.tobit(2166136261)
for i = 1, #ARGV[1] do
  h = bit.bxor(h, ARGV[1]:byte(i))
  h = bit.tobit(h + bit.lshift(h, 1) + bit.lshift(h, 4) + bit.lshift(h, 7) + bit.lshift(h, 8) + bit.lshift(h, 24))
end
return bit.tohex(h)
---
-- # CRC-32 without a table
-- ! 0 123456789
-- ! 0 ""
local crc = bit.bnot(0)
for i = 1, #ARGV[1] do
  crc = bit.bxor(crc, ARGV[1]:byte(i))
  for _ = 1, 8 do
    local low = bit.band(crc, 1)
    crc = bit.rshift(crc, 1)
    if low == 1 then crc = bit.bxor(crc, 0xEDB88320) end
  end
end
return bit.tohex(bit.bnot(crc))
---
-- # fixed records in one string
-- ! 1 recs 7 1.5 ada
-- ! 1 recs 300 -2 eve
local record = struct.pack(">I4dc8", ARGV[1], ARGV[2], ARGV[3] .. ("\0"):rep(8 - #ARGV[3]))
redis.call("APPEND", KEYS[1], record)
local size = struct.size(">I4dc8")
local n = redis.call("STRLEN", KEYS[1]) / size
local id, score, name = struct.unpack(">I4dc8", redis.call("GETRANGE", KEYS[1], (n - 1) * size, -1))
return {n, id, tostring(score), (name:gsub("%z+$", ""))}
---
-- # samples of a time series, delta by delta
-- ! 0 1000 1010 1015 1100
local bytes, last = {}, 0
for i, v in ipairs(ARGV) do
  local delta = v - last
  last = tonumber(v)
  repeat
    local low = delta % 128
    delta = math.floor(delta / 128)
    bytes[#bytes + 1] = string.char(delta > 0 and low + 128 or low)
  until delta == 0
end
local packed, values, sum, at, value = table.concat(bytes), {}, 0, 1, 0
local shift = 1
for i = 1, #packed do
  local b = packed:byte(i)
  value = value + (b % 128) * shift
  if b >= 128 then shift = shift * 128 else sum = sum + value values[#values + 1] = sum value, shift = 0, 1 end
end
return {#packed, values}
---
-- # base64 there and back
-- ! 0 "Hello, World!"
-- ! 0 "a"
-- ! 0 "\x00\xff\x10"
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function encode(s)
  local out = {}
  for i = 1, #s, 3 do
    local a, b, c = s:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for j = 0, 3 do
      local d = math.floor(n / 64 ^ (3 - j)) % 64
      out[#out + 1] = (j == 2 and not b or j == 3 and not c) and "=" or alphabet:sub(d + 1, d + 1)
    end
  end
  return table.concat(out)
end
local function decode(s)
  local n, bits, out = 0, 0, {}
  for ch in s:gsub("=", ""):gmatch(".") do
    n = n * 64 + alphabet:find(ch, 1, true) - 1
    bits = bits + 6
    if bits >= 8 then bits = bits - 8 out[#out + 1] = string.char(math.floor(n / 2 ^ bits)) n = n % 2 ^ bits end
  end
  return table.concat(out)
end
local e = encode(ARGV[1])
return {e, decode(e) == ARGV[1] and 1 or 0}
---
-- # hex there and back
-- ! 0 "az\x00\xff"
local hex = ARGV[1]:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
return {hex, (hex:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end))}
---
-- # run-length encoding
-- ! 0 aaabccdddd
-- ! 0 abc
local out, i = {}, 1
while i <= #ARGV[1] do
  local c = ARGV[1]:sub(i, i)
  local j = i
  while ARGV[1]:sub(j + 1, j + 1) == c do j = j + 1 end
  out[#out + 1] = (j > i and j - i + 1 or "") .. c
  i = j + 1
end
return table.concat(out)
---
-- # a snowflake id of time, worker and sequence
-- ! 1 seq 1000 5
-- ! 1 seq 1000 5
-- ! 1 seq 1001 5
local seq = redis.call("HINCRBY", KEYS[1], ARGV[1], 1) - 1
return string.format("%.0f", ARGV[1] * 2 ^ 22 + ARGV[2] * 2 ^ 12 + seq)
---
-- # numbers as sortable text
-- > DEL z
-- ! 1 z 5 -3 100 0 -200
for _, n in ipairs(ARGV) do
  redis.call("ZADD", KEYS[1], 0, string.format("%010d:%s", n + 1000000, n))
end
local out = {}
for i, m in ipairs(redis.call("ZRANGEBYLEX", KEYS[1], "-", "+")) do out[i] = m:match(":(.*)$") end
return out
---
-- # bitmaps of days are combined
-- > SETBIT d1 1 1
-- > SETBIT d1 2 1
-- > SETBIT d2 2 1
-- > SETBIT d2 3 1
-- ! 3 out d1 d2
local r = {}
for i, op in ipairs({"AND", "OR", "XOR"}) do
  redis.call("BITOP", op, KEYS[1], KEYS[2], KEYS[3])
  r[i] = redis.call("BITCOUNT", KEYS[1])
end
redis.call("BITOP", "NOT", KEYS[1], KEYS[2])
r[4] = redis.call("BITCOUNT", KEYS[1])
return r
---
-- # MessagePack of every kind, byte by byte
-- ! 0
local parts = {}
for i, v in ipairs({0, 127, 128, -1, -33, 65536, 1.5, "x", {}, {1, 2}, {a = 1}, true, false}) do
  parts[i] = (cmsgpack.pack(v):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end
return parts
