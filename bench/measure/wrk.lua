-- Posts one body again and again and tells, as JSON, what came of it.
--
--   wrk … -s wrk.lua URL -- BODY_FILE [CREDENTIALS [FIRST LAST DISTINCT]]
--
-- Requests are numbered from FIRST on, and none follows the one with LAST. `@@@@@@@` in the body or in the credentials
-- stands for that number, or for one of so many DISTINCT ones in turn.
local mark = "@@@@@@@"

-- In this order in each run. wrk's own is another in each, and engines know an object by the order of its members: whoever
-- has compiled code for the headers of the last run would have to compile it anew.
local order = { "Host", "content-type", "content-length", "x-datafold-api-key", "x-olostep-api-key" }

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function toText(body, credentials)
  local headers = wrk.headers
  headers["content-type"] = "application/json"
  headers["content-length"] = #body
  if credentials and credentials ~= "" then
    headers["x-datafold-api-key"] = credentials
    headers["x-olostep-api-key"] = credentials
  end
  local lines = { "POST " .. wrk.path .. " HTTP/1.1" }
  for _, name in ipairs(order) do
    if headers[name] then lines[#lines + 1] = name .. ": " .. headers[name] end
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

function init(arguments)
  local text = toText(read(arguments[1]), arguments[2])
  -- What wrk sends where no other request is made for each.
  wrk.format = function() return text end
  local number = tonumber(arguments[3])
  if not number then return end

  local last, distinct = tonumber(arguments[4]), tonumber(arguments[5])
  local parts, from = {}, 1
  while true do
    local at, to = text:find(mark, from, true)
    parts[#parts + 1] = text:sub(from, (at or 0) - 1)
    if not at then break end
    from = to + 1
  end
  request = function()
    if number > last then
      io.write("LAST\n")
      io.flush()
      wrk.thread:stop()
    end
    local filled = table.concat(parts, string.format("%07d", number % distinct))
    number = number + 1
    return filled
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"micros":%d,"bytes":%d,"p50Micros":%d,"p99Micros":%d,"failures":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
