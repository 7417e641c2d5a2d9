-- Workers that claim a task and complete it. Counts the completed ones.
dofile("test/bench/lua/report.lua")

counted = 0
local claim
local held = {}
local first, last = 1, 0

function init()
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  wrk.headers["Content-Type"] = "application/json"
  claim = wrk.format("POST", "/task_actions/queue", nil,
    '{"requirements":{"cpu":1,"gpu":0,"memory":64,"disk":100,"time":48,"site":"bench"}}')
end

function request()
  if first > last then return claim end
  local task = held[first]
  held[first] = nil
  first = first + 1
  return wrk.format("POST", "/tasks/" .. task[1] .. "/task_actions/complete", nil,
    '{"instance_id":"' .. task[2] .. '","time_used":36}')
end

function response(status, headers, body)
  if status ~= 200 then return end
  -- Only the answer to a claim has the member `queued`.
  if string.find(body, '"queued":%s*1') then
    last = last + 1
    held[last] = { string.match(body, '"task_id":%s*"([^"]+)"'), string.match(body, '"instance_id":%s*"([^"]+)"') }
  else
    counted = counted + 1
  end
end
