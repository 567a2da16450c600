-- # a template is filled from a hash
-- > HSET user name Ada city London
-- ! 1 user "Dear {name} of {city}, {unknown}!"
return (ARGV[1]:gsub("{(%w+)}", function(f) return redis.call("HGET", KEYS[1], f) or "?" end))
---
-- # a slug, unique by a number
-- ! 1 slugs "Hello, World!"
-- ! 1 slugs "Hello World"
-- ! 1 slugs "  -- "
local slug = ARGV[1]:lower():gsub("[^%w]+", "-"):gsub("^%-+", ""):gsub("%-+$", "")
if slug == "" then slug = "untitled" end
local n = redis.call("HINCRBY", KEYS[1], slug, 1)
return n == 1 and slug or slug .. "-" .. n
---
-- # words are counted
-- ! 1 wc "the cat and the hat and the bat"
for w in ARGV[1]:gmatch("%S+") do redis.call("ZINCRBY", KEYS[1], 1, w) end
return redis.call("ZREVRANGE", KEYS[1], 0, 1, "WITHSCORES")
---
-- # an URL is taken apart
-- ! 0 "https://example.org:8080/a/b?x=1&y=two#frag"
-- ! 0 "ftp://h"
local scheme, host, rest = ARGV[1]:match("^(%a+)://([^/?#]+)(.*)$")
local name, port = host:match("^(.-):(%d+)$")
local query = {}
for k, v in rest:gmatch("[?&]([^=&#]+)=([^&#]*)") do query[#query + 1] = k .. "->" .. v end
return {scheme, name or host, tonumber(port) or 80, rest:match("^[^?#]*"), query}
---
-- # a log line is parsed
-- ! 1 log "2026-01-02T03:04:05 ERROR [db] timeout after 30ms"
-- ! 1 log "nonsense"
local y, m, d, level, part, message = ARGV[1]:match("^(%d+)-(%d+)-(%d+)T[%d:]+ (%u+) %[(%w+)%] (.+)$")
if not y then return redis.call("HINCRBY", KEYS[1], "bad", 1) end
redis.call("HINCRBY", KEYS[1], level .. ":" .. part, 1)
return {tonumber(y) * 10000 + tonumber(m) * 100 + tonumber(d), level, part, message}
---
-- # versions are compared
-- ! 0 1.2.10 1.2.9
-- ! 0 1.0 1.0.0
-- ! 0 2 10
local function parts(v) local t = {} for n in v:gmatch("%d+") do t[#t + 1] = tonumber(n) end return t end
local a, b = parts(ARGV[1]), parts(ARGV[2])
for i = 1, math.max(#a, #b) do
  local x, y = a[i] or 0, b[i] or 0
  if x ~= y then return x < y and -1 or 1 end
end
return 0
---
-- # a glob as a pattern
-- ! 0 "user:*:name" user:1:name user:x:age admin:1:name
-- ! 0 "a?c.txt" abc.txt abbc.txt aXctxt
local pattern = "^" .. ARGV[1]:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
local out = {pattern}
for i = 2, #ARGV do out[i] = ARGV[i]:find(pattern) and 1 or 0 end
return out
---
-- # edit distance
-- ! 0 kitten sitting
-- ! 0 "" abc
local a, b = ARGV[1], ARGV[2]
local row = {}
for j = 0, #b do row[j] = j end
for i = 1, #a do
  local before = row[0]
  row[0] = i
  for j = 1, #b do
    local old = row[j]
    row[j] = math.min(row[j] + 1, row[j - 1] + 1, before + (a:byte(i) == b:byte(j) and 0 or 1))
    before = old
  end
end
return row[#b]
---
-- # roman numbers
-- ! 0 1994 4 3999
local function roman(n)
  local out = ""
  for _, r in ipairs({{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}}) do
    while n >= r[1] do out = out .. r[2] n = n - r[1] end
  end
  return out
end
local out = {}
for i, n in ipairs(ARGV) do out[i] = roman(tonumber(n)) end
return out
---
-- # a date from seconds, without a library
-- ! 0 0
-- ! 0 951782400
-- ! 0 1767225599
local t = tonumber(ARGV[1])
local days, s = math.floor(t / 86400), t % 86400
local z = days + 719468
local era = math.floor(z / 146097)
local doe = z - era * 146097
local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
local mp = math.floor((5 * doy + 2) / 153)
local month = mp < 10 and mp + 3 or mp - 9
return ("%04d-%02d-%02d %02d:%02d:%02d"):format(yoe + era * 400 + (month <= 2 and 1 or 0), month, doy - math.floor((153 * mp + 2) / 5) + 1, math.floor(s / 3600), math.floor(s / 60) % 60, s % 60)
---
-- # text is wrapped
-- ! 0 12 "the quick brown fox jumps over"
local width, lines, line = tonumber(ARGV[1]), {}, ""
for w in ARGV[2]:gmatch("%S+") do
  if #line + #w + 1 > width and line ~= "" then lines[#lines + 1] = line line = w
  else line = line == "" and w or line .. " " .. w end
end
lines[#lines + 1] = line
return lines
---
-- # bad words are masked
-- > SADD bad darn heck
-- ! 1 bad "Darn it, what the heck?"
return (ARGV[1]:gsub("%a+", function(w)
  if redis.call("SISMEMBER", KEYS[1], w:lower()) == 1 then return w:sub(1, 1) .. ("*"):rep(#w - 1) end
end))
---
-- # a small calculator
-- ! 0 "2+3*4"
-- ! 0 "(1+2)*-3/2"
-- !! 0 "2+"
local s, at = ARGV[1]:gsub("%s", ""), 1
local sum
local function atom()
  if s:sub(at, at) == "(" then at = at + 1 local v = sum() at = at + 1 return v end
  local text = s:match("^-?%d+", at)
  if not text then error("number expected at " .. at, 0) end
  at = at + #text
  return tonumber(text)
end
local function product()
  local v = atom()
  while s:find("^[*/]", at) do
    local op = s:sub(at, at)
    at = at + 1
    if op == "*" then v = v * atom() else v = v / atom() end
  end
  return v
end
sum = function()
  local v = product()
  while s:find("^[+-]", at) do
    local op = s:sub(at, at)
    at = at + 1
    if op == "+" then v = v + product() else v = v - product() end
  end
  return v
end
return tostring(sum())
