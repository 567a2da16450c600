return cjson.encode({1, 2, 3}), cjson.encode({}), cjson.encode({a = 1}), cjson.encode("x"), cjson.encode(1.5), cjson.encode(true), cjson.encode(nil), cjson.encode(cjson.null)
---
return cjson.encode({1, nil, 3}), cjson.encode({[1] = "a", [3] = "c"}), cjson.encode({[0] = 1}), cjson.encode({1, 2, x = 3}), cjson.encode({[1.5] = 1})
---
return cjson.encode({[1] = 1, [100] = 2})
---
return cjson.encode({[1] = 1, [10] = 2}), cjson.encode({[5] = 1})
---
return cjson.encode({[true] = 1})
---
return cjson.encode(function() end)
---
return cjson.encode({f = print == nil and 1 or tostring})
---
return cjson.encode(1/0)
---
return cjson.encode(0/0)
---
return cjson.encode("a\"b\\c/d\b\t\n\f\r\1\127\0é")
---
return cjson.encode({{1, {2, {3}}}, {a = {b = {c = {}}}}})
---
return cjson.encode(1e15), cjson.encode(0.1), cjson.encode(123456789012345), cjson.encode(1/3), cjson.encode(-0), cjson.encode(1e300), cjson.encode(2^53)
---
local t = {} for i = 1, 1001 do t = {t} end return cjson.encode(t)
---
local t = {} for i = 1, 998 do t = {t} end return #cjson.encode(t)
---
return cjson.encode()
---
return cjson.encode(1, 2)
---
local keys = {} for i = 1, 30 do keys["k" .. i] = i end return cjson.encode(keys)
---
return cjson.decode("[1,2,3]"), cjson.decode('{"a":1,"b":[true,false,null]}'), cjson.decode('"x"'), cjson.decode("1.5"), cjson.decode("null") == cjson.null, cjson.decode(" [ 1 , 2 ] ")
---
return cjson.decode('"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\n\\t\\/\\\\\\""')
---
return cjson.decode('"\\x"')
---
return cjson.decode('"\\u12"')
---
return cjson.decode('"\\ud83d"')
---
return cjson.decode('"\\ude00"')
---
return cjson.decode('"abc')
---
return cjson.decode("")
---
return cjson.decode("[")
---
return cjson.decode("[1,")
---
return cjson.decode("[1 2]")
---
return cjson.decode("{")
---
return cjson.decode("{1:2}")
---
return cjson.decode('{"a"}')
---
return cjson.decode('{"a":1')
---
return cjson.decode('{"a":1,}')
---
return cjson.decode("1 2")
---
return cjson.decode("nope")
---
return cjson.decode("[1,2]x")
---
return cjson.decode("tru")
---
return cjson.decode("inf"), cjson.decode("-inf"), cjson.decode("0x10"), cjson.decode("01"), cjson.decode("+1"), cjson.decode("1e3")
---
return cjson.decode("-")
---
return cjson.decode("\0a")
---
return cjson.decode("a\0")
---
return cjson.decode(("["):rep(1001) .. ("]"):rep(1001))
---
return #cjson.decode(("["):rep(1000) .. ("]"):rep(1000))
---
return cjson.decode({})
---
return cjson.decode()
---
return cjson.decode('{"a":1,"a":2}'), cjson.decode("[]"), cjson.decode("{}"), cjson.decode('{"1":2}'), cjson.decode("[[],{}]")
---
local t = cjson.decode('{"a":null,"b":[null]}') return t.a == cjson.null, t.b[1] == nil, tostring(cjson.null), type(cjson.null)
---
return cjson.encode(cjson.decode('[1,"a",{"b":[]},null,true]'))
---
return cjson.encode_sparse_array(), cjson.encode_max_depth(), cjson.decode_max_depth(), cjson.encode_number_precision(), cjson.encode_keep_buffer(), cjson.encode_invalid_numbers(), cjson.decode_invalid_numbers()
---
local c = cjson.new() c.encode_sparse_array(true) return c.encode({[1] = 1, [100] = 2}), c.encode_sparse_array(), cjson.encode_sparse_array()
---
local c = cjson.new() c.encode_max_depth(2) return c.encode({{}}), c.encode({{{}}})
---
local c = cjson.new() c.decode_max_depth(2) return c.decode("[[]]"), c.decode("[[[]]]")
---
local c = cjson.new() c.encode_number_precision(3) return c.encode({1/3, 1000, 12345})
---
local c = cjson.new() c.encode_number_precision(20)
---
local c = cjson.new() c.encode_max_depth(0)
---
local c = cjson.new() c.encode_invalid_numbers("null") return c.encode({1/0, 0/0}), c.encode_invalid_numbers()
---
local c = cjson.new() c.encode_invalid_numbers(true) return c.encode({1/0, -1/0})
---
local c = cjson.new() c.encode_invalid_numbers("maybe")
---
local c = cjson.new() c.decode_invalid_numbers(false) return c.decode("1"), pcall(c.decode, "0x10"), pcall(c.decode, "nan"), pcall(c.decode, "-inf"), pcall(c.decode, "01")
---
return cjson.encode_max_depth(1, 2)
---
return cjson._NAME, cjson._VERSION
---
local function hex(s) return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end)) end return hex(cmsgpack.pack(1)), hex(cmsgpack.pack(-1)), hex(cmsgpack.pack(127, 128, 255, 256, 65535, 65536, 2^32 - 1, 2^32, 2^53)), hex(cmsgpack.pack(-32, -33, -128, -129, -32768, -32769, -2^31, -2^31 - 1)), hex(cmsgpack.pack(1.5, 0.1, 1e300))
---
local function hex(s) return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end)) end return hex(cmsgpack.pack("", "abc", ("x"):rep(31), ("x"):rep(32))), hex(cmsgpack.pack(("x"):rep(256))):sub(1, 10), hex(cmsgpack.pack(nil, true, false)), hex(cmsgpack.pack({1, 2, 3})), hex(cmsgpack.pack({})), hex(cmsgpack.pack({a = 1})), hex(cmsgpack.pack({1, nil, 3})), hex(cmsgpack.pack({[2] = 1}))
---
local function hex(s) return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end)) end local t = {} for i = 1, 20 do t[i] = i end return hex(cmsgpack.pack(t)), hex(cmsgpack.pack(function() end)), hex(cmsgpack.pack(1/0, -1/0))
---
local function hex(s) return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end)) end local t = {} for i = 1, 20 do t = {t} end return hex(cmsgpack.pack(t))
---
return cmsgpack.pack()
---
return cmsgpack.unpack(cmsgpack.pack(1, "a", {1, 2, {x = true}}, nil, 1.5, -5, 70000, -70000, 2^40, false))
---
return cmsgpack.unpack("\xc1")
---
return cmsgpack.unpack("\193")
---
return cmsgpack.unpack("\146\1")
---
return cmsgpack.unpack("")
---
return cmsgpack.unpack("\204")
---
local p = cmsgpack.pack(1, 2, 3) return cmsgpack.unpack_one(p), cmsgpack.unpack_one(p, 1), cmsgpack.unpack_limit(p, 2), cmsgpack.unpack_limit(p, 2, 1), cmsgpack.unpack_limit(p, 0, 1)
---
local p = cmsgpack.pack(1, 2, 3) return cmsgpack.unpack_one(p, 5)
---
local p = cmsgpack.pack(1, 2, 3) return cmsgpack.unpack_one(p, -1)
---
local p = cmsgpack.pack(1, 2, 3) return cmsgpack.unpack_limit(p, -1)
---
return cmsgpack.unpack({})
---
return cmsgpack.unpack("\203\63\240\0\0\0\0\0\0"), cmsgpack.unpack("\202\63\128\0\0"), cmsgpack.unpack("\217\3abc"), cmsgpack.unpack("\220\0\2\1\2"), cmsgpack.unpack("\222\0\1\1\2"), cmsgpack.unpack("\129\192\1")
---
local function hex(s) return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end)) end return hex(struct.pack("b", 1)), hex(struct.pack(">h", 258)), hex(struct.pack("<h", 258)), hex(struct.pack(">i4", -2)), hex(struct.pack("<l", 1)), hex(struct.pack(">d", 1.5)), hex(struct.pack("<f", 1.5)), hex(struct.pack("s", "abc")), hex(struct.pack("c3", "abcdef")), hex(struct.pack("c0", "abc")), hex(struct.pack("x"))
---
local function hex(s) return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end)) end return hex(struct.pack("!4 b i4", 1, 2)), hex(struct.pack("!b d", 1, 2)), hex(struct.pack("bi3", 1, 2)), hex(struct.pack(">I2 <I2", 1, 2)), hex(struct.pack("i8", -1)), hex(struct.pack("B", 300))
---
return struct.unpack("b", "\255"), struct.unpack("B", "\255"), struct.unpack(">h", "\1\2"), struct.unpack("<H", "\255\255"), struct.unpack(">i4", "\255\255\255\254"), struct.unpack("<d", struct.pack("<d", 3.25)), struct.unpack("s", "abc\0def"), struct.unpack("c2", "abcd"), struct.unpack("bc0", "\2abcd")
---
return struct.unpack("i4 i4", struct.pack("i4 i4", 7, -7)), struct.unpack("b", "abc", 2), struct.unpack("i3", "\255\255\255"), struct.unpack("I3", "\255\255\255"), struct.unpack("f", struct.pack("f", 0.1))
---
return struct.unpack("i4", "abc")
---
return struct.unpack("s", "abc")
---
return struct.unpack("c0", "abc")
---
return struct.unpack("b", "a", 0)
---
return struct.unpack("b", "a", 5)
---
return struct.pack("y", 1)
---
return struct.pack("i", "x")
---
return struct.pack("i")
---
return struct.pack("c5", "ab")
---
return struct.pack("i33", 1)
---
return struct.pack("!3b", 1)
---
return struct.pack("i99999999999", 1)
---
return struct.size("b"), struct.size("bhil"), struct.size("!bhil"), struct.size("c10"), struct.size("x f d"), struct.size("i16")
---
return struct.size("s")
---
return struct.size("c0")
---
return struct.size("q")
---
return bit.tobit(0xffffffff), bit.tobit(2^31), bit.tobit(1.5), bit.tohex(255), bit.tohex(-1), bit.tohex(255, 4), bit.tohex(0xabcd, -4), bit.tohex(1, 0), bit.tohex(1, 20)
---
return bit.bnot(0), bit.band(0xff, 0x0f, 0x3), bit.bor(1, 2, 4), bit.bxor(5, 3), bit.lshift(1, 31), bit.rshift(-1, 28), bit.arshift(-16, 2), bit.rol(0x12345678, 8), bit.ror(0x12345678, 8), bit.bswap(0x12345678), bit.lshift(1, 33)
---
return bit.band()
---
return bit.band("x")
---
return bit.band("7", 3), bit.tobit(-1), bit.tobit(2^40 + 5), bit.bor(1.5, 2.5)
