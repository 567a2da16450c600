local show
local function list(values, from, to, depth)
  local parts = {}
  for at = from, to do parts[#parts + 1] = show(values[at], depth) end
  return table.concat(parts, " ")
end
show = function(value, depth)
  local kind = type(value)
  if kind == "string" then return string.format("%q", value) end
  if kind == "number" then return string.format("%.17g", value) end
  if kind ~= "table" then return (kind == "nil" or kind == "boolean") and tostring(value) or kind end
  if depth > 6 then return "..." end
  local parts = {}
  for key, item in next, value do parts[#parts + 1] = show(key, depth + 1) .. "=" .. show(item, depth + 1) end
  return "{" .. table.concat(parts, " ") .. "}"
end
local chunk, message = loadstring(ARGV[1], "@user_script")
if not chunk then return "syntax: " .. message end
local function pack(...) return {n = select("#", ...), ...} end
local results = pack(pcall(chunk))
return list(results, 1, results.n, 0)
