//! Bytes as JSON, as MessagePack, and as a format of `struct` with what it reads: refused, or values
//! that are written again, and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// Text is compared by its length: the order of a table's keys may change once it is built anew.
const JSON: &[u8] = br#"
local text = ...
local read, value = pcall(cjson.decode, text)
if not read then return "refused" end
local written, once = pcall(cjson.encode, value)
if not written then return "not written: " .. once end
local again = cjson.encode(cjson.decode(once))
if #again ~= #once then return "DIFFERS " .. once .. " AND " .. again end
"#;

/// What is too deep is written as nil: an array that ends with it is shorter once it is read, and a key
/// is refused.
const MESSAGE_PACK: &[u8] = br#"
local bytes = ...
local function again(bytes) return cmsgpack.pack(cmsgpack.unpack(bytes)) end
local read, once = pcall(again, bytes)
if not read then return "refused" end
local shallow, twice = pcall(again, once)
if not shallow then return "too deep: " .. twice end
local thrice = again(twice)
if #thrice ~= #twice then return "DIFFERS" end
pcall(cmsgpack.unpack_one, bytes, #bytes % 7)
pcall(cmsgpack.unpack_limit, bytes, 3, #bytes % 5)
"#;

/// `c0` is a string as long as the number before it says, and that number is not given back.
const STRUCT: &[u8] = br#"
local input = ...
local split = input:find("|", 1, true) or #input
local format, bytes = input:sub(1, split - 1), input:sub(split + 1)
pcall(struct.size, format)
pcall(struct.pack, format, 1, "x", 2.5, -1, bytes, 3, 4, 5)
local function pack(read, ...)
  if read then return pcall(struct.pack, format, ...) end
end
local packed, once = pack(pcall(struct.unpack, format, bytes))
if not packed then return "refused" end
local _, twice = pack(pcall(struct.unpack, format, once))
if once ~= twice and not format:find("c0") then return "DIFFERS " .. format end
"#;

fuzz_target!(|input: (u8, Vec<u8>, &[u8])| {
    let (format, pieces, bytes) = input;
    let script = [JSON, MESSAGE_PACK, STRUCT][usize::from(format) % 3];
    if let Some(result) = keyspace_fuzz::run(script, bytes, &pieces) {
        let result = String::from_utf8_lossy(&result);
        assert!(!result.starts_with("DIFFERS"), "{result}");
        let fails = result.starts_with("error: ") && !result.contains("not enough memory");
        assert!(!fails, "what was written is refused: {result}");
    }
});
