return ("hello"):sub(2, 3), ("hello"):sub(-3), ("hello"):sub(2), ("hello"):sub(0), ("hello"):sub(10), ("hello"):sub(-100, 2), ("hello"):sub(3, 2)
---
return ("hello"):byte(), ("hello"):byte(2), ("hello"):byte(1, 3), ("hello"):byte(10), ("hello"):byte(-1)
---
return string.char(72, 105), string.char()
---
return string.char(256)
---
return string.char(-1)
---
return ("hello"):find("l"), ("hello"):find("xyz"), ("hello"):find("l", 4), ("hello"):find("", 10), ("hello"):find("", 3), ("a.b"):find(".", 1, true), ("a.b"):find("%.")
---
return ("hello world"):find("(o)(.)"), ("hello"):find("^h"), ("hello"):find("o$"), ("hello"):find("^e")
---
return ("key=value"):match("(%w+)=(%w+)"), ("hello"):match("l+"), ("hello"):match("()ll()"), ("  x "):match("^%s*(.-)%s*$"), ("hello"):match("z")
---
return ("abc"):match("((a)(b))"), ("[[x]]"):match("%[%[(.-)%]%]"), ("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):find("%((%a+)%)")
---
return ("abcabc"):match("(abc)%1"), ("aXb"):match("%u"), ("a1b2"):gsub("%d", "<%0>"), ("abc"):gsub("", "-")
---
return ("hello"):gsub("l", "L"), ("hello"):gsub("l", "L", 1), ("hello"):gsub("(l)(l)", "%2%1"), ("abc"):gsub("%w", "%%%0"), ("abc"):gsub(".", {a = 1, b = true}), ("abc"):gsub(".", function(c) if c == "b" then return "[" .. c .. "]" end end)
---
return ("abc"):gsub(".", {a = {}})
---
return ("abc"):gsub(".", function() return {} end)
---
return ("abc"):gsub("a", 5), ("abc"):gsub("^a", "x"), ("aaa"):gsub("^a", "x"), ("abc"):gsub("(b", "x")
---
return ("abc"):gsub("a", nil)
---
return ("abc"):find("[a")
---
return ("abc"):find("%")
---
return ("abc"):find("(")
---
return ("abc"):find(")")
---
return ("abc"):find("%1")
---
return ("abc"):find("%b")
---
return ("abc"):find("%f")
---
return ("abc"):gsub("a", "%9")
---
return ("THE (quick) fox"):gsub("%f[%a]%a+", function(w) return w:lower() end)
---
local r = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do r[#r + 1] = k .. v end return r
---
local r = {} for w in ("one two  three"):gmatch("%a+") do r[#r + 1] = w end return r
---
local r = {} for p in ("abc"):gmatch("()") do r[#r + 1] = p end return r
---
return ("x"):rep(3), ("x"):rep(0), ("ab"):rep(2), ("x"):rep(-1)
---
return ("Hello"):lower(), ("Hello"):upper(), ("Hello"):reverse(), ("Hello"):len(), #("a\0b")
---
return string.format("%d %i %5d|%-5d|%05d %+d % d", 1, 2, 3, 4, 5, 6, 7)
---
return string.format("%x %X %#x %o %u %c", 255, 255, 255, 8, 7, 65)
---
return string.format("%f %.2f %10.3f|%-10.1f|%e %.3E %g %G %g", 1.5, 2.345, 3.14159, 2.5, 12345.678, 0.00012, 1e20, 1e-10, 100000)
---
return string.format("%s %10s|%-10s|%.2s %s", "a", "b", "c", "defg", 5)
---
return string.format("%q", 'a "quoted" \n line \\ \0 \r end')
---
return string.format("%%"), string.format("100%%"), string.format("%5.1f|%+.1e", 2.25, 12345.6789)
---
return string.format("%d")
---
return string.format("%d", "x")
---
return string.format("%y", 1)
---
return string.format("%", 1)
---
return string.format("%s", nil)
---
return string.format("%s", {})
---
return string.format("%s")
---
return string.format("%0100d", 1)
---
return string.format("%-+ #0-d", 1)
---
return string.format("%d %d", 3.7, -3.7), string.format("%x", -1), string.format("%5s%%", "ab"), string.format("%.20f", 0.1), string.format("%.0f", 0.5), string.format("%.14g", 0.1), string.format("%.17g", 0.1)
---
return string.format("%g %g %g", 1/0, -1/0, 1e15), string.format("%.3g", 1234.5), string.format("%#g", 1), string.format("%5.3d", 5), string.format("%.3x", 10)
---
return string.format("%s", ("x"):rep(150)) == ("x"):rep(150), string.format("%.5s", "abcdefgh"), string.format("%s", "a\0b"), string.format("%c%c", 0, 65)
---
return table.concat({1, 2, 3}), table.concat({1, 2, 3}, ","), table.concat({1, 2, 3}, ",", 2), table.concat({1, 2, 3}, ",", 2, 2), table.concat({}), table.concat({"a", 1.5})
---
return table.concat({1, {}, 3})
---
return table.concat({1, 2}, ",", 1, 3)
---
return table.concat(1)
---
local t = {1, 2, 3} table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, "x") return t
---
table.insert({}, 1, 2, 3)
---
table.insert({})
---
table.insert(nil, 1)
---
table.insert(1, 2)
---
local t = {} table.insert(t, 5, "x") return t[5], #t
---
local t = {1, 2, 3, 4} return table.remove(t), table.remove(t, 1), table.remove(t, 10), t, table.remove({})
---
local t = {5, 2, 8, 1, 9, 3} table.sort(t) return t
---
local t = {5, 2, 8, 1, 9, 3} table.sort(t, function(a, b) return a > b end) return t
---
local t = {"b", "a", "C", "10", "9"} table.sort(t) return t
---
local t = {1, "x"} table.sort(t)
---
local t = {3, 1, {}} table.sort(t)
---
local t = {} for i = 1, 100 do t[i] = (i * 37) % 101 end table.sort(t) return t
---
local t = {} for i = 1, 50 do t[i] = {k = i % 5, i = i} end table.sort(t, function(a, b) return a.k < b.k end) local r = {} for i = 1, 50 do r[i] = t[i].i end return r
---
local t = {} for i = 1, 20 do t[i] = i % 3 end return pcall(table.sort, t, function(a, b) return true end)
---
local t = {1, 2, 3} table.sort(t, function(a, b) error("cmp") end)
---
local t = {1, 2, 3} table.sort(t, 5)
---
local V = {__lt = function(a, b) return a.n < b.n end} local t = {} for i = 1, 10 do t[i] = setmetatable({n = i * 7 % 11}, V) end table.sort(t) local r = {} for i = 1, 10 do r[i] = t[i].n end return r
---
return table.getn({1, 2, 3}), table.maxn({1, 2, [10] = 3, x = 4}), table.maxn({})
---
table.setn({}, 1)
---
local r = {} table.foreach({10, 20}, function(k, v) r[#r + 1] = k .. "=" .. v end) return r, table.foreach({1, 2}, function(k, v) if v == 2 then return "found" end end)
---
local r = {} table.foreachi({10, 20}, function(k, v) r[#r + 1] = k .. "=" .. v end) return r, table.foreachi({1, 2}, function(k, v) return v end)
---
return math.abs(-1), math.ceil(1.5), math.floor(-1.5), math.max(1, 3, 2), math.min(3, 1, 2), math.sqrt(16), math.pow(2, 10), math.fmod(7, 3), math.fmod(-7, 3), math.mod(7, 3)
---
return math.modf(3.7), math.modf(-3.7), math.modf(5), math.modf(1/0), math.frexp(8), math.frexp(0), math.ldexp(0.5, 4), math.deg(math.pi), math.rad(180)
---
return math.sin(0), math.cos(0), math.tan(0), math.asin(1), math.acos(1), math.atan(1), math.atan2(1, 1), math.exp(0), math.log(1), math.log10(1000), math.sinh(0), math.cosh(0), math.tanh(0), math.pi
---
math.max()
---
math.floor("x")
---
return math.floor("3.7")
---
math.random(0)
---
math.random(2, 1)
---
math.random(1, 2, 3)
---
local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) local d, e = coroutine.yield(c * 2) return d + e end) return coroutine.resume(co, 1, 2), coroutine.resume(co, 10), coroutine.resume(co, 3, 4), coroutine.resume(co), coroutine.status(co)
---
local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end local r = {} for i in gen(5) do r[#r + 1] = i end return r
---
local co = coroutine.create(function() error("oops") end) return coroutine.resume(co), coroutine.status(co)
---
local co = coroutine.create(function() error({1}) end) return coroutine.resume(co)
---
local f = coroutine.wrap(function() error("oops") end) f()
---
local f = coroutine.wrap(function() error({5}) end) return pcall(f)
---
local f = coroutine.wrap(function() return 1 end) f() f()
---
coroutine.yield(1)
---
return coroutine.running()
---
local co co = coroutine.create(function() return coroutine.running() == co, coroutine.status(co), coroutine.resume(co) end) return coroutine.resume(co)
---
local co = coroutine.create(function() pcall(coroutine.yield, 1) end) return coroutine.resume(co)
---
local co = coroutine.create(function() return pcall(function() coroutine.yield(1) end) end) return coroutine.resume(co), coroutine.resume(co)
---
local co = coroutine.create(function() local t = setmetatable({}, {__index = function(t, k) return coroutine.yield(k) end}) return t.x end) return coroutine.resume(co)
---
local co = coroutine.create(function() for i in coroutine.yield do end end) return coroutine.resume(co)
---
local co = coroutine.create(function() table.sort({3, 2, 1}, function(a, b) coroutine.yield() return a < b end) end) return coroutine.resume(co)
---
coroutine.create(1)
---
coroutine.create(string.rep)
---
coroutine.resume(1)
---
coroutine.status()
---
local a = coroutine.wrap(function() local b = coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) coroutine.yield(b()) coroutine.yield(b()) end) return a(), a()
---
local outer outer = coroutine.create(function() local inner = coroutine.create(function() return coroutine.status(outer) end) return coroutine.resume(inner) end) return coroutine.resume(outer)
---
local co = coroutine.create(function(...) return select("#", ...), ... end) return coroutine.resume(co, nil, 1, nil)
---
return tostring(1e14), tostring(1e14 - 1), tostring(123456.789e3), tostring(2^63), tostring(-1e14), tostring(0.1 + 0.2), tostring(100 / 3)
---
local ok, e = pcall(string.format, "%d", {}) return e
---
local s = ("x"):rep(100000) return #s, s:sub(-1), #s:rep(10)
---
return ("abc"):gsub("b", "%")
---
return (("a,b,,c"):gsub(",", ";"))
---
local count = 0 local s = ("abc"):gsub("%w", function(c) count = count + 1 return c:upper() end) return s, count
---
return ("\0a\0"):find("a"), ("\0a\0"):find("%z", 2), ("a\0b"):match(".-b"), ("x"):find("\0"), ("a\0b"):find("\0b", 1, true)
---
return ("hello"):find("l", -2), ("hello"):match("^(h)(e)"), ("hello"):match(".-(l+)(.*)$")
---
return ("x^y"):find("^", 1, true), ("a-b"):gsub("%-", "+"), ("a.b.c"):gsub("%.", "/"), ("$1"):gsub("%$", "")
---
return ("[test]"):match("^%[(.*)%]$"), ("a]b"):match("[]]"), ("a^b"):match("[%^]"), ("a-b"):match("[a%-]+"), ("a-z"):match("[a-]+"), ("m"):match("[a-z]"), ("5"):match("[^%d]")
---
local r = {} for _, position in ipairs({-3, 0, 1, 2, 5, 7, 9, -2000}) do local t = {1, 2, 3, nil, 5, [-2] = "a", [0] = "b", [8] = "c", x = 1, [1.5] = "d"} table.insert(t, position, "new") local shown = {} for i = -2001, 12 do if t[i] then shown[#shown + 1] = i .. "=" .. tostring(t[i]) end end r[#r + 1] = table.concat(shown, " ") end return r
---
return pcall(table.insert, string, -5, 1)
---
return pcall(struct.unpack, ">I2", "abcd", -2^63)
---
return pcall(table.insert, getmetatable(""), 1)
