-- wrk script: sends the requests of a file in order; each thread starts at another line.
-- A line holds method, path, token and body, separated by tabs; @ID@ in a body becomes a new UUID each time.
local threads = 0

function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end

local function uuid()
  return string.format("%04x%04x-%04x-4%03x-8%03x-%04x%04x%04x", math.random(0, 65535), math.random(0, 65535),
    math.random(0, 65535), math.random(0, 4095), math.random(0, 4095), math.random(0, 65535),
    math.random(0, 65535), math.random(0, 65535))
end

local lines, at = {}, 0

local function read(line)
  local method, path, token, body = line:match("^(%S+)\t(%S+)\t(%S+)\t(.*)$")
  local head = method .. " " .. path .. " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. token .. "\r\n"
  if body == "" then
    return {head .. "\r\n"}
  end
  local before, after = body:match("^(.*)@ID@(.*)$")
  before, after = before or body, after
  local length = #before + (after and 36 + #after or 0)
  head = head .. "Content-Type: application/json\r\nContent-Length: " .. length .. "\r\n\r\n"
  return {head .. before, after}
end

function init(arguments)
  local seed = io.open("/dev/urandom", "rb")
  local bytes = {seed:read(4):byte(1, 4)}
  seed:close()
  math.randomseed(bytes[1] * 16777216 + bytes[2] * 65536 + bytes[3] * 256 + bytes[4])
  for line in io.lines(arguments[1]) do
    lines[#lines + 1] = read(line)
  end
  at = math.floor(#lines * place / 2)
end

function request()
  at = at % #lines + 1
  local parts = lines[at]
  if parts[2] then
    return parts[1] .. uuid() .. parts[2]
  end
  return parts[1]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
