return 1, 2.5, "x", nil, true, false
---
local a = {} a.b.c = 1
---
return nil + 1
---
local x return x.y
---
local x = 5 return x.y.z
---
return foo
---
foo = 1
---
local t = {} t.x.y.z = 1
---
local t = {} return t.x.y
---
local t = {} t[nil] = 1
---
local t = {} t[0/0] = 1
---
local s = "abc" return s:len(), s:upper(), #s
---
local s = "abc" return s.x
---
local s = "abc" s.x = 1
---
return ("x"):nope()
---
local t = {} t:nope()
---
local t = {} t.a.b()
---
local t = {} t.f()
---
local function f() end f().x = 1
---
return 1 < "x"
---
return {} < {}
---
return nil < 1
---
return "a" < "b", "a" <= "a", "b" > "a", "Z" < "a", "" < "a", "a\0b" < "a\0c"
---
return 1 == 1.0, "1" == 1, nil == false
---
return {} .. "x"
---
local a, b = "x" return a .. b
---
local a, b = "x" return b .. a
---
return 1 .. 2, 1.5 .. "", -0 .. "", 1e100 .. "", 2^53 .. "", 0.1 .. "", 1/0 .. "", -1/0 .. ""
---
return "10" + 5, "0x10" * 1, " 5 " + 0, "1e1" / 2, 10 .. "" + 1
---
return "abc" + 1
---
local x = "abc" return x * 2
---
local x = {} return -x
---
return #5
---
local n return #n
---
return 7 % 3, -7 % 3, 7 % -3, -7 % -3, 5.5 % 2, 1 % 0, 1 / 0, -1 / 0, 0 / 0 ~= 0 / 0, 1e15 % 7
---
return 2 ^ 10, 2 ^ 0.5, (-8) ^ (1/3) ~= (-8) ^ (1/3), -2 ^ 2, 2 ^ 3 ^ 2
---
return not nil, not 0, not "", 1 and 2, nil and 1, false or nil, nil or 2, 1 or error("x")
---
local a = 1 local b = a and a + 1 or 0 local c = (a > 1) and "x" or "y" return b, c, a > 0 and a < 2
---
local t = {1, 2, 3, nil, 5} return #t
---
local t = {1, 2, nil, 4} return #t
---
local t = {n = 1, [1] = "a", "b", [2] = "c"} return t[1], t[2], #t
---
local t = {} for i = 1, 10 do t[i] = i end for i = 1, 10, 2 do t[i] = nil end return #t
---
local t = {} t[1] = 1 t[2] = 2 t[4] = 4 return #t
---
local t = {10, 20, 30, nil} return #t
---
local t = {nil, nil, 3} return #t
---
local function f() return 1, 2, 3 end local t = {f(), f()} return #t, t[4]
---
local function f() return 1, 2, 3 end return f(), (f())
---
local function f() return 1, 2, 3 end local a, b, c, d = 0, f() return a, b, c, d
---
local function f(...) return select("#", ...), ... end return f(nil, nil)
---
local function f(...) local a, b = ... return a, b end return f(1), f(1, 2, 3)
---
local function f(a, ...) return {a, ...} end return f(1, 2, 3), f()
---
local function f(...) return (...) end return f(1, 2)
---
local t = {} for i, v in ipairs({1, 2, nil, 4}) do t[#t + 1] = v end return t
---
local keys = {} for k in pairs({a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7}) do keys[#keys + 1] = k end return keys
---
local keys = {} local t = {} for i = 1, 20 do t["key" .. i] = i end for i = 1, 20, 3 do t["key" .. i] = nil end for k, v in pairs(t) do keys[#keys + 1] = k end return keys
---
local keys = {} local t = {1, 2, 3, x = 1, [true] = 2, [1.5] = 3, [-1] = 4, [100] = 5, [0] = 6} for k in pairs(t) do keys[#keys + 1] = tostring(k) end return keys
---
local t = {} for i = 1, 100 do t[i * 7 % 101] = i end local keys = {} for k in pairs(t) do keys[#keys + 1] = k end return keys
---
local t = {} for i = 100, 1, -1 do t[i] = i end local keys = {} for k in pairs(t) do keys[#keys + 1] = k end return keys, #t
---
local t = {} for i = 1, 50 do t["k" .. i * i] = i t[i / 4] = i end local keys = {} for k in pairs(t) do keys[#keys + 1] = k end return keys
---
local r = {} for i = 1, 3 do r[#r + 1] = i end for i = 3, 1, -1 do r[#r + 1] = i end for i = 1, 2, 0.5 do r[#r + 1] = i end for i = 1, 0 do r[#r + 1] = "no" end return r
---
for i = "a", 2 do end
---
for i = 1, {} do end
---
for i = 1, 2, "x" do end
---
local r = {} for i = "1", "3" do r[#r + 1] = i end return r
---
for i in 5 do end
---
for i in nil do end
---
local x = {} for i in x do end
---
for k, v in pairs(nil) do end
---
for k, v in ipairs() do end
---
local i = 0 while true do i = i + 1 if i > 5 then break end end return i
---
local i = 0 repeat local j = i i = i + 1 until j >= 3 return i
---
local fs = {} for i = 1, 3 do fs[i] = function() i = i + 1 return i end end return fs[1](), fs[1](), fs[2](), fs[3]()
---
local function counter() local n = 0 return function() n = n + 1 return n end, function() return n end end local inc, get = counter() inc() inc() return get()
---
local a = 1 local function f() a = 10 return 1 end return a + f(), a
---
local a = 1 local function f() a = 10 return 1 end local t = {a, f(), a} return t
---
local a = {1} local function f() a = {2} return 1 end return a[f()]
---
local a, b, c = 1, 2, 3 a, b, c = c, a, b return a, b, c
---
local i, t = 1, {} i, t[i] = i + 1, 20 return i, t
---
local t = {1, 2} local i = 1 t[i], i, t[i + 1] = "a", 2, "b" return t, i
---
local t = {} t.x, t = 1, {} return t
---
local function f(n) if n == 0 then return "done" end return f(n - 1) end return f(100000)
---
local n = 0 local function f() n = n + 1 return 1 + f() end local ok, e = pcall(f) return n, e
---
local function f() return f() + 1 end return pcall(f)
---
local n = 0 local function f() n = n + 1 local ok = pcall(f) return ok end f() return n
---
return select(-1, 1, 2, 3), select(2, "a", "b", "c")
---
return select(0)
---
return select(-5, 1)
---
return select("#"), select("#", nil), select(5, 1)
---
return pcall(error)
---
return pcall(error, "x")
---
return pcall(error, {code = 1})
---
return pcall(error, "x", 0), pcall(error, "x", 2)
---
local function f() error("deep") end return pcall(f)
---
local function f() error("deep", 2) end local function g() f() end return pcall(g)
---
local function f() error("deep", 0) end return pcall(f)
---
error("top")
---
error()
---
error({1, 2})
---
error(nil)
---
error(42)
---
return xpcall(function() error("a") end, function(e) return "handled " .. e end)
---
return xpcall(function() return 1, 2 end, function(e) return "handled " .. e end)
---
return xpcall(function() error("a") end, function(e) error("b") end)
---
return xpcall(function() local x = nil + 1 end, function(e) return {e} end)
---
return pcall(pcall)
---
return pcall(pcall, error)
---
return pcall()
---
assert(false)
---
assert(nil, "message")
---
assert(false, {1})
---
return assert(1, 2, 3)
---
assert()
---
local ok, e = pcall(function() local t = setmetatable({}, {__index = function(t, k) error("no " .. k) end}) return t.x end) return ok, e
---
local t = setmetatable({}, {__index = function(t, k) return k .. "!" end}) return t.a, t[1], rawget(t, "a")
---
local base = {x = 1} local t = setmetatable({}, {__index = setmetatable({y = 2}, {__index = base})}) return t.x, t.y, t.z
---
local log = {} local t = setmetatable({}, {__newindex = function(t, k, v) log[#log + 1] = k rawset(t, k, v) end}) t.a = 1 t.a = 2 t.b = 3 return t, log
---
local store = {} local t = setmetatable({}, {__newindex = store}) t.a = 1 return t, store
---
local V = {} V.__add = function(a, b) return "add" end V.__sub = function() return "sub" end V.__mul = function() return "mul" end V.__div = function() return "div" end V.__mod = function() return "mod" end V.__pow = function() return "pow" end V.__unm = function() return "unm" end V.__concat = function() return "concat" end local v = setmetatable({}, V) return v + 1, 1 + v, v - v, v * 2, v / 2, v % 2, v ^ 2, -v, v .. "x", "x" .. v, 1 .. v, v .. v
---
local V = {__eq = function(a, b) return true end, __lt = function() return true end, __le = function() return false end} local a, b = setmetatable({}, V), setmetatable({}, V) return a == b, a ~= b, a < b, a <= b, a > b, a >= b, a == 1
---
local V = {__lt = function(a, b) return a.n < b.n end} local a, b = setmetatable({n = 1}, V), setmetatable({n = 2}, V) return a <= b, b <= a, a >= b
---
local a = setmetatable({}, {__eq = function() return true end}) local b = setmetatable({}, {__eq = function() return true end}) return a == b
---
local a = setmetatable({}, {__lt = function() return true end}) return a < 1
---
local a = setmetatable({}, {__lt = function() return true end}) return a < {}
---
local c = setmetatable({}, {__call = function(self, a, b) return a, b, self ~= nil end}) return c(1, 2)
---
local c = setmetatable({}, {__call = 5}) return c()
---
local c = setmetatable({}, {__tostring = function() return "me" end}) return tostring(c)
---
local c = setmetatable({}, {__tostring = function() return 5 end}) return tostring(c)
---
local c = setmetatable({}, {__metatable = "locked"}) return getmetatable(c), pcall(setmetatable, c, {})
---
local c = setmetatable({}, {__len = function() return 42 end}) return #c
---
local a = setmetatable({}, {__concat = function(a, b) return (type(a) == "table" and "T" or a) .. "|" .. (type(b) == "table" and "T" or b) end}) return "x" .. "y" .. a .. "z" .. "w", a .. 1 .. 2, 1 .. a .. 2 .. a
---
return getmetatable("").__index == string
---
return setmetatable({}, 1)
---
return setmetatable(1, {})
---
return rawequal("a", "a"), rawequal({}, {}), rawget({5}, 1), rawset({}, 1, 2)
---
return rawget(1, 2)
---
return tonumber("10"), tonumber("0x1F"), tonumber("1e3"), tonumber(""), tonumber("abc"), tonumber("10", 2), tonumber("ff", 16), tonumber("zz", 36), tonumber("8", 8), tonumber("1.5", 10), tonumber(nil)
---
return tonumber()
---
return tonumber("10", 99)
---
return tonumber("-ff", 16), tonumber("0x10", 16), tonumber("1 "), tonumber("1 2"), tonumber("inf"), tonumber("nan") ~= tonumber("nan"), tonumber("1e"), tonumber("0x"), tonumber({}), tonumber(" 0x1p4 ")
---
return tostring(1), tostring(nil), tostring(true), tostring("x"), tostring(1e15), tostring(123456789012345678), tostring(1.5), tostring(-0), tostring(1e-10)
---
return tostring()
---
return type(1), type("x"), type(nil), type({}), type(print == nil)
---
return type()
---
return type(type), type(coroutine.create(function() end))
---
return unpack({1, 2, 3}), unpack({1, 2, 3}, 2), unpack({1, 2}, 1, 3)
---
return unpack({}, 1, 1e8)
---
return next({}), next({1}), next({a = 1})
---
return next({}, "x")
---
local t = {a = 1, b = 2, c = 3} for k in pairs(t) do t[k] = nil end return next(t)
---
return loadstring("return 1 +")
---
return loadstring("x = = 2", "@chunk")
---
return loadstring("return 5")()
---
local f = loadstring("local a, b = ... return b, a") return f(1, 2)
---
return load(function() return nil end)
---
local parts = {"return ", "1 + ", "2"} local i = 0 return load(function() i = i + 1 return parts[i] end)()
---
return load(function() error("reader") end)
---
return load(function() return {} end)
---
return loadstring("error('in chunk')", "=name")()
---
return loadstring("error('in chunk')", "some long text that goes on and on and on and on and on and on")()
---
return loadstring("error('in chunk')", "line one\nline two")()
---
local x = 1 do local x = 2 end return x
---
local function f(a, b, c) return a, b, c end return f(1), f(1, 2, 3, 4)
---
local t = {f = function(self, x) return self.n + x end, n = 5} return t:f(1), t.f(t, 2)
---
local t = {a = {b = {c = function() return "deep" end}}} return t.a.b.c()
---
function t() end
---
local t = {} function t.f(x) return x end function t:g(x) return self == t, x end return t.f(1), t:g(2)
---
return [[a
b]], [==[x]]y]==], "a\tb\\\"\065\10\z"
---
return "\x41"
---
return 'a\
b'
---
-- comment
--[[ long
comment ]] return --[==[ x ]==] 1
---
return 0x10, 1e2, .5, 3., 0xA
---
return 1..2
---
return 3x
---
x =
---
x = 'abc
---
x = "abc
---
x = [[abc
---
x = [=[abc]]
---
--[[ abc
---
local a <const> = 1
---
goto x
---
break
---
for
---
if x then
---
if x then else elseif end
---
while true
---
local function
---
function f(
---
return return
---
local t = {1, 2
---
f(
---
a.b:c = 1
---
(a) = 1
---
a
---
a.b
---
local x = }
---
return ...
---
local function f() return ... end
---
x = ~1
---
x = 1 ! 2
---
x = @
---
return "a" "b"
---
f
()
---
local a = 1; ; local b
---
repeat local x = 1 until x == 1 return "ok"
---
return 1,
---
return function() end == function() end
---
local t = {} t[1.0] = "a" t["1"] = "b" return t[1], t["1"]
---
return 1e308 * 10, -1e308 * 10, 5e-324, 2^1023 * 2
---
return math.huge == 1/0, -math.huge
---
local s = 0 for i = 1, 100 do if i % 2 == 0 then s = s + i elseif i % 3 == 0 then s = s - i else s = s + 1 end end return s
---
local t = {} for i = 1, 5 do t[i] = {} for j = 1, 5 do t[i][j] = i * j end end return t[3][4], t[5][5]
---
return (function(...) return select("#", ...) end)(unpack({}, 1, 200))
---
local a = {} a.x = a return a.x.x == a
---
return #"abc" + 1, -"2" + 0, - -3
---
local function f() return nil end return f() == nil, (f())
---
local x = 5 return x.y
---
local x = true return x()
---
local x = 5 x()
---
local x = {} return x.a.b.c
---
local x = {{}} return x[1].y.z
---
local x = {} return x[1].y
---
local x = {} local k = "key" return x[k].y
---
local x = {} return x["key"].y
---
local x = {} local k = "key" x[k]()
---
local up local function f() return up.x end return f()
---
local up local function f() up.x = 1 end f()
---
local up local function f() return up + 1 end f()
---
local up local function f() return up() end f()
---
local up local function f() up() end f()
---
local up = 1 local function f() return up end return up.x.y, f
---
return (1)()
---
return ({})()
---
return ("x")()
---
return (nil)()
---
local t = {} return t.x + 1
---
local t = {} return 1 + t.x
---
local t = {} return t.x .. "a"
---
local t = {} return "a" .. t.x
---
local t = {} return -t.x
---
local t = {} return #t.x
---
local t = {} return t.x < 1
---
local t = {} local a, b = 1 return a < b
---
local t = setmetatable({}, {__index = function() return nil + 1 end}) return t.x
---
return math.nope()
---
return string.nope("x")
---
local a = 1 local b = a.b.c
---
return collectgarbage("count") > 0, collectgarbage() == 0
---
return collectgarbage("nope")
---
return gcinfo() > 0
---
local t = setmetatable({}, {__mode = "k"}) t[{}] = 1 t.x = {} collectgarbage() local n = 0 for _ in pairs(t) do n = n + 1 end return n
---
local t = setmetatable({}, {__mode = "v"}) t[1] = {} t[2] = "x" t[3] = function() end collectgarbage() return t[1], t[2], t[3] == nil
---
local t = {} for i = 1, 300 do t[i] = tostring(i) .. "x" end collectgarbage() local n = 0 for i = 1, 300 do if t[i] == i .. "x" then n = n + 1 end end return n
---
return _G._G == _G, _VERSION
---
_G.x = 1
---
rawset(_G, "x", 1)
---
setmetatable(_G, nil)
---
string.x = 1 return string.x
---
local a local b = {a = a} return b.a
---
return ((1 + 2) * 3 - 4) / 5 ^ 2 % 7
---
return 1 + 2 < 4 == true, not 1 == 2, "a" .. "b" == "ab", 2 * 3 .. ""
---
local x = 10 local r = x > 5 and x < 20 or x == 100 return r, not (x > 5), x ~= 10
---
local r = {} for _, x in ipairs({1, 2, 3}) do r[#r+1] = x == 2 and "two" or x > 2 and "more" or "less" end return r
---
local t = {[1] = "a", [2] = "b", n = {1, {2, {3}}}} return t
---
local r = {} local function walk(n) if n > 0 then walk(n - 1) r[#r + 1] = n walk(n - 1) end end walk(4) return table.concat(r, ",")
---
return pcall(string.rep)
---
return pcall(string.rep, "x", -1)
---
string.rep()
---
("x"):rep()
---
("x"):rep({})
---
local s = string.rep s()
---
local t = {r = string.rep} t.r()
---
return (string.rep)()
---
local a, b = pcall(setmetatable, 1) return b
---
ipairs()
---
local up = string.rep local function f() up() end f()
---
local r = {}
local function say(f) local ok, m = pcall(f) r[#r+1] = tostring(m) end
say(function() return -math[(false or 'hello world')] end)
say(function() return -math[('x y')] end)
say(function() return -math[true and 'xy'] end)
say(function() return -math[not nil and 'xy'] end)
say(function() return -math[not 'q' or 'xy'] end)
say(function() local t = {} return t[not nil] + 1 end)
say(function() local t = {} return (true and t).x.y end)
say(function() local t = {} return (true and t.x).y end)
say(function() local function f() return 1, 2 end return #{true and f(), nil or f()} end)
say(function(...) return select('#', true and ..., false or ...) end)
say(function() return ('x')() end)
say(function() local t = setmetatable({}, {__newindex = function() end}) t[nil] = 1 end)
say(function() local t = setmetatable({}, {__newindex = function() end}) t[0/0] = 1 end)
say(function() local t = setmetatable({}, {__newindex = {}}) t[nil] = 1 end)
say(function() return (2 and 3) + 4 end)
say(function() return 'x' .. (nil or 'y') .. (true and 1) end)
say(function() return (1 or 2) .. (false and 1 or 'z') end)
return r

---
local v1 = 5 local f = function() return v1 end v1.x = 1
---
local v1 = 5 v1.x = function() return v1 end
---
local v1 = 5 v1.x = (function(p) return (v1 or v1) end)
---
local v1 = 5 local f = function() return v1 end v1.x = f
---
local v1 = 5 local f = function() return v1 end v1[f] = f
---
local v1 = 5 local f = function() v1 = 6 return v1 end v1[f()] = f()
---
local v1 = 5 local f = function() return v1 end v1.x, f = 1, 2
---
local v1 = 5 local f = function() return v1 end f, v1.x = 1, 2
---
local v1 = 5 local f = function() return v1 end return v1.x
---
local v1 = 5 local f = function() return v1 end return v1[1]
---
local v1 = 5 local f = function() return v1 end v1()
---
local v1 = 5 local f = function() return v1 end v1:m()
---
local v1 = {} local f = function() return v1 end return v1 + 1
---
local v1 = {} local f = function() return v1 end return v1 .. 1
---
local v1 = 5 local f = function() return v1 end return #v1
---
local v1 = 5 local f = function() return v1 end v1 = v1[1]
---
local v1 = 5 local f = function() return v1 end v1.n, v1 = v1[(not true)]
---
local v1 = 0/0 v1.x = 1
---
local v1 = 0/0 v1()
---
-- What a value in brackets is called in a message.
local a, x = 1, 3
local b
local tries = {
  function() return x * ((a and b) or table) end,
  function() return x * ((a or b) or table) end,
  function() return x * ((a and b) or b) end,
  function() return x + ((a and b) or string.foo) end,
  function() return x .. ((a and (b or b)) or table) end,
  function() return ((a or b) and table)() end,
  function() return -((x > 2 and b) or table) end,
  function() return ((x > 2 and b) or math.sin).x.y end,
  function() return -((x > 2) or (-1 and math)) end,
  function() return -(x > 2 or math) end,
  function() return -(x > 4 and b or math) end,
  function() return -(x > 4 or math) end,
  function() return -(x > 2 and math) end,
  function() return -(x > 4 and math) end,
  function() return -((x > 4) or x > 5 or math) end,
  function() return -(not x or math) end,
  function() return -((x > 4 or b) or math) end,
  function() return -((a and x > 4) or math) end,
}
local messages = {}
for i, try in ipairs(tries) do messages[i] = select(2, pcall(try)) end
return table.concat(messages, "\n")
