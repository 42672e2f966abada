-- Sends the requests of the file in $REQUESTS in turn: method, path, authorization, body, by tabs.
local requests, next_request = {}, 0

function init()
  for line in io.lines(os.getenv("REQUESTS")) do
    local method, path, authorization, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = { Authorization = authorization }
    if body ~= "" then headers["Content-Type"] = "application/json" end
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency)
  local e = summary.errors
  local errors = e.status + e.connect + e.read + e.write + e.timeout
  io.stderr:write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration, errors, latency:percentile(95)))
end
