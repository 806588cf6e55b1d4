-- Asks with the prepared requests of a file, in random order, and says what came of it as one line of JSON.
-- Arguments: the file. It holds requests as they go over the wire, each followed by a zero byte.

local requests = {}
local count = 0

function init(arguments)
  local file = assert(io.open(arguments[1], 'rb'))
  local text = file:read('*a')
  file:close()
  for request in text:gmatch('([^%z]+)%z') do
    count = count + 1
    requests[count] = request
  end
  assert(count > 0, 'no requests in ' .. arguments[1])
  math.randomseed(count)
end

function request()
  return requests[math.random(count)]
end

function done(summary, latency)
  local errors = summary.errors
  local format = '{"requests":%d,"durationUs":%d,"bytes":%d,"refused":%d,"broken":%d,"timeouts":%d,"p50Us":%d,"p90Us":%d,"p99Us":%d,"maxUs":%d}\n'
  io.write(string.format(format, summary.requests, summary.duration, summary.bytes,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
