-- Posts one body again and again and tells, as JSON, what came of it.
--
--   wrk … -s wrk.lua URL -- BODY_FILE [CREDENTIALS [FIRST LAST DISTINCT]]
--
-- Requests are numbered from FIRST on, and none follows the one with LAST. `@@@@@@@` in the body or in the credentials
-- stands for that number, or for one of so many DISTINCT ones in turn.
local mark = "@@@@@@@"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function init(arguments)
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  wrk.body = read(arguments[1])
  if arguments[2] and arguments[2] ~= "" then
    wrk.headers["x-datafold-api-key"] = arguments[2]
    wrk.headers["x-olostep-api-key"] = arguments[2]
  end
  local number = tonumber(arguments[3])
  if not number then return end

  local last, distinct, text = tonumber(arguments[4]), tonumber(arguments[5]), wrk.format()
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
